"""Coverages: whether polygons share the ground soundly, and how faults would be mended."""
