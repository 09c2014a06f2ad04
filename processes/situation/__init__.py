"""How grids are doing, and what needs joint consultation."""
