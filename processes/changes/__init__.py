"""Processes on change sets."""
