"""Pure domain of the governance grids: codes, CRS, coverage checks, heat. Numbers and geometries only."""
