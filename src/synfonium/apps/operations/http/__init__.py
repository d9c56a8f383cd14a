"""Doors of operations."""

doors: list[object] = []
