"""What the map is drawn from: lines, areas and labels, cut into tiles of a few zooms.

A tile is a compressed list of features, each a layer, a name, a weight, and runs of points as differences
on a grid of 4096 a side.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from synfonium.apps.search.service.places.mercator import world_of

LEVELS = (5, 8, 11, 14)
GRID = 4096
_MARGIN = 64
MOST_TILES = 64
LARGEST_TILE_BYTES = 8 << 20
Point = tuple[float, float]
Run = list[Point]


class Layer(msgspec.Struct, frozen=True):
    """What is drawn alike. first: the first of LEVELS that shows it."""

    name: str
    first: int
    is_area: bool = False


# In the order in which they are drawn. Never change the order: tiles hold the number.
LAYERS = (
    Layer("wood", 8, True),
    Layer("green", 11, True),
    Layer("water", 5, True),
    Layer("building", 14, True),
    Layer("coast", 5),
    Layer("river", 8),
    Layer("stream", 14),
    Layer("border", 5),
    Layer("path", 14),
    Layer("street", 11),
    Layer("rail", 8),
    Layer("secondary", 8),
    Layer("primary", 5),
    Layer("motorway", 5),
    Layer("label", 5),
)
NUMBER_OF = {layer.name: number for number, layer in enumerate(LAYERS)}


class Feature(msgspec.Struct, frozen=True, array_like=True):
    """layer: its number in LAYERS. runs: points on the grid, the first as it is, then differences."""

    layer: int
    name: str
    weight: int
    runs: list[list[int]]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A thing to draw, wherever it is. runs: lines or rings of (lat, lon)."""

    layer: str
    runs: list[Run]
    name: str = ""
    weight: int = 0


Tile = tuple[int, int, int]
_LABELS_FROM = {5: 100_000, 8: 8_000, 11: 100, 14: 0}


def cut(shape: Shape) -> Iterator[tuple[Tile, Feature]]:
    """The shape's piece in each tile of each level that shows it."""
    number = NUMBER_OF[shape.layer]
    layer = LAYERS[number]
    world = [[world_of(lat, lon) for lat, lon in run] for run in shape.runs]
    for level in LEVELS:
        if level < layer.first or (shape.layer == "label" and shape.weight < _LABELS_FROM[level]):
            continue
        size = 1 << level
        pieces: dict[Tile, list[list[int]]] = {}
        for run in world:
            grid = thinned([(x * size * GRID, y * size * GRID) for x, y in run], is_ring=layer.is_area)
            for tile, piece in _pieces(grid, level, is_area=layer.is_area):
                pieces.setdefault(tile, []).append(piece)
        for tile, runs in pieces.items():
            yield tile, Feature(number, shape.name[:80], shape.weight, runs)


def thinned(points: Run, *, is_ring: bool = False) -> Run:
    """Without the points that nobody would see: nearer than 4 of the grid, a quarter of a pixel."""
    if len(points) < 3:
        return points
    kept = [points[0]]
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= 4:
            kept.append(point)
    kept.append(points[-1])
    return [] if is_ring and len(kept) < 4 else kept


def _pieces(points: Run, level: int, *, is_area: bool) -> Iterator[tuple[Tile, list[int]]]:
    if not points:
        return
    if is_area:
        for column, row in _tiles_of(points, level):
            ring = _clipped(points, column * GRID, row * GRID)
            if ring:
                yield (level, column, row), _differences(ring, column * GRID, row * GRID)
        return
    for (column, row), runs in _by_tile(points, level).items():
        for run in runs:
            yield (level, column, row), _differences(run, column * GRID, row * GRID)


def _by_tile(points: Run, level: int) -> dict[tuple[int, int], list[Run]]:
    """The runs of a line whose segments are in or beside a tile."""
    found: dict[tuple[int, int], list[Run]] = {}
    last: dict[tuple[int, int], int] = {}
    segments = pairwise(points) if len(points) > 1 else [(points[0], points[0])]
    for number, (a, b) in enumerate(segments):
        for tile in _tiles_of((a, b), level):
            runs = found.setdefault(tile, [])
            if last.get(tile) == number - 1:
                runs[-1].append(b)
            else:
                runs.append([a, b] if a != b else [a])
            last[tile] = number
    return found


def _tiles_of(points: Sequence[Point], level: int) -> Iterator[tuple[int, int]]:
    """(x, y) of the tiles that a shape's bounds touch."""
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    columns, rows = _span(min(xs), max(xs), level), _span(min(ys), max(ys), level)
    return ((column, row) for column in columns for row in rows)


def _span(low: float, high: float, level: int) -> range:
    last = (1 << level) - 1
    first = max(0, min(last, int((low - _MARGIN) // GRID)))
    end = max(first, min(last, int((high + _MARGIN) // GRID)))
    # Nothing that is drawn is so wide; a broken extract could hold it.
    return range(first, min(end, first + MOST_TILES - 1) + 1)


def _clipped(ring: Run, left: float, top: float) -> Run:
    """A ring cut to the tile and its margin (Sutherland and Hodgman 1974)."""
    bounds = (
        (0, left - _MARGIN, 1),
        (0, left + GRID + _MARGIN, -1),
        (1, top - _MARGIN, 1),
        (1, top + GRID + _MARGIN, -1),
    )
    for axis, bound, sign in bounds:
        ring = list(_beyond(ring, axis, bound, sign))
    return ring if len(ring) >= 3 else []


def _beyond(ring: Run, axis: int, bound: float, sign: int) -> Iterator[Point]:
    """The ring's part on one side of a line."""
    for a, b in zip([ring[-1], *ring[:-1]] if ring else [], ring, strict=True):
        is_a, is_b = sign * (a[axis] - bound) >= 0, sign * (b[axis] - bound) >= 0
        if is_a != is_b:
            share = (bound - a[axis]) / (b[axis] - a[axis])
            yield a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        if is_b:
            yield b


def _differences(run: Run, left: float, top: float) -> list[int]:
    found: list[int] = []
    before = (0, 0)
    for x, y in run:
        here = (round(x - left), round(y - top))
        found += (here[0] - before[0], here[1] - before[1])
        before = here
    return found


def packed(features: Sequence[Feature]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(features), 6)


def unpacked(bodies: Iterable[bytes]) -> list[Feature]:
    """Raises nothing that a tile of ours could cause."""
    found: list[Feature] = []
    for body in bodies:
        plain = zlib.decompressobj().decompress(body, LARGEST_TILE_BYTES)
        found += msgspec.msgpack.decode(plain, type=list[Feature])
    return found
