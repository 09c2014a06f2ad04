"""Vector tiles: how the ground is cut, the statements, and what is kept."""
