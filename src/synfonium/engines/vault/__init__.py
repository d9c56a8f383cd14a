"""Engines of the port vault."""
