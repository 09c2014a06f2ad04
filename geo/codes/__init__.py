"""Codes of grids: schemes, numbering, and what is wrong with codes."""
