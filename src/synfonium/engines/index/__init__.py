"""Engines of the port `ports.index`."""
