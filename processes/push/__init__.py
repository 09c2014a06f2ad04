"""Processes about who is told of changes."""
