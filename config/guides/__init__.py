"""Guides for people: a page a task, in both languages, as Markdown that a code host shows and the service serves."""
