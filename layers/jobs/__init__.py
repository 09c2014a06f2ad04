"""Processes that run while nobody waits: accepted, queued, and told of."""
