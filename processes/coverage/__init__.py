"""Processes about coverages."""
