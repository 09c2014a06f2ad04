"""The commands of ``./wangge``, one noun a file."""
