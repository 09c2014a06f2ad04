"""Many grids into one, as a process."""
