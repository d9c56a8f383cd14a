"""In which order a folder is read. Pure."""

from typing import Literal, get_args

Order = Literal["name", "-name", "modified", "-modified", "size", "-size"]
"""Folders always come first; `-` for the largest, latest or last first."""

ORDERS: tuple[Order, ...] = get_args(Order)
