"""Sends what has changed to those who subscribed: over the web, signed, and to a message broker."""
