"""Cases that staff send one by one or in batches, as they happen."""
