"""Worker processes that run jobs."""
