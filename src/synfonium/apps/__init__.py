"""Installable products, one folder each; found by entry point, never listed."""
