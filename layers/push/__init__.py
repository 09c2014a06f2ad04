"""What is told to others when something changes: who wants it, and what is still to be sent."""
