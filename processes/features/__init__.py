"""Features as inputs and answers of processes."""
