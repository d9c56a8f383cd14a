"""Implementations of the ports, one room for each port."""
