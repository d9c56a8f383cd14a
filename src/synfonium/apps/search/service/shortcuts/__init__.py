"""Shortcuts: a word with an exclamation mark sends a question straight to one site or kind of results."""
