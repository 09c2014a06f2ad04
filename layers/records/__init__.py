"""The catalogue of data: records, what was delivered, and how complete it is."""
