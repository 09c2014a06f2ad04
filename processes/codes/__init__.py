"""Processes about codes."""
