"""Cases as heat: cells, counts, densities."""
