"""Layers into files."""
