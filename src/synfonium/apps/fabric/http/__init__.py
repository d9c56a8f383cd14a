"""Doors of the fabric, by verb."""
