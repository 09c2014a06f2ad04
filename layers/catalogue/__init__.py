"""The catalogue: what every layer is, a file a subject."""
