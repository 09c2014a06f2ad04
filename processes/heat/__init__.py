"""Processes of cases as counts: what the public is told."""
