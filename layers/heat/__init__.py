"""Counts of cases in H3 cells: their outlines, and the sums that maps are made of."""
