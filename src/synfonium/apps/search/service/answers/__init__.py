"""Answers computed here and now, above the pages found: one file a kind in `kinds`."""
