"""Doors of notifications: pages, settings, and for programs."""
