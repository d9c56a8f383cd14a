"""Immutable bytes: on the local disk."""
