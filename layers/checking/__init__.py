"""Layers and files checked: coverages, codes, and the findings that are kept."""
