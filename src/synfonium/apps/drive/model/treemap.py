"""Areas in proportion to sizes, each as near to a square as can be.

Bruls, Huizing, van Wijk: Squarified Treemaps (2000).
"""

from collections.abc import Sequence

import msgspec


class Tile(msgspec.Struct, frozen=True):
    """A rectangle within the picture."""

    x: float
    y: float
    width: float
    height: float


def tiles(sizes: Sequence[float], width: float, height: float) -> list[Tile]:
    """One tile for each size, in their order. sizes: the largest first, all above 0."""
    left = Tile(0, 0, width, height)
    total, at = sum(sizes), 0
    found: list[Tile] = []
    while at < len(sizes):
        scale = left.width * left.height / total if total else 0
        row = _row([size * scale for size in sizes[at:]], min(left.width, left.height))
        placed, left = _place(row, left)
        found += placed
        total -= sum(sizes[at : at + len(row)])
        at += len(row)
    return found


def _row(areas: Sequence[float], side: float) -> list[float]:
    """As many of the areas, laid along the side, as make their tiles squarer than fewer would."""
    row = [areas[0]]
    for area in areas[1:]:
        if _worst([*row, area], side) > _worst(row, side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """The ratio of the sides of the least square of them."""
    total = sum(row)
    if not total or not side:
        return float("inf")
    return max(max(side**2 * area / total**2, total**2 / (side**2 * area)) for area in (row[0], row[-1]))


def _place(row: Sequence[float], left: Tile) -> tuple[list[Tile], Tile]:
    """The tiles of a row along the shorter side, and what remains beside it."""
    is_wide = left.width >= left.height
    side = left.height if is_wide else left.width
    depth = sum(row) / side if side else 0
    found, at = list[Tile](), 0.0
    for area in row:
        length = area / depth if depth else 0
        if is_wide:
            found.append(Tile(left.x, left.y + at, depth, length))
        else:
            found.append(Tile(left.x + at, left.y, length, depth))
        at += length
    if is_wide:
        return found, Tile(left.x + depth, left.y, max(0.0, left.width - depth), left.height)
    return found, Tile(left.x, left.y + depth, left.width, max(0.0, left.height - depth))
