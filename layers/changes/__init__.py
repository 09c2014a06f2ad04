"""Changing grids: the working copy that editors write, what is wrong with it, and its publication."""
