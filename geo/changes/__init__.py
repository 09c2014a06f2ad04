"""Changes of grids: what becomes of whose ground, and how grids are split, merged and numbered anew."""
