"""Entities and rules of operations, pure."""
