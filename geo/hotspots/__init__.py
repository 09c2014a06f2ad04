"""Where and when there is more, or less, than chance explains: local statistics, trends, emerging classes, clusters."""
