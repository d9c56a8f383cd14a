"""Doors of your data."""
