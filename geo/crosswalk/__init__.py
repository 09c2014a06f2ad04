"""Many grids into one: cells of departments held against the grids, with every loss told."""
