"""The map as lines, areas and labels in pixels; the page's template makes SVG of it."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.service.places.mercator import TILE_PIXELS, degrees_of, world_of
from synfonium.apps.search.service.places.tiles import (
    GRID,
    LAYERS,
    LEVELS,
    NUMBER_OF,
    Feature,
    unpacked,
)
from synfonium.apps.search.store.places import PlaceRow
from synfonium.kernel.context import Context

WIDTH, HEIGHT = 800, 520
FIRST_ZOOM, LAST_ZOOM = 3, 18
MOST_POINTS = 60_000
_MOST_LABELS, _MOST_STREETS = 36, 24
_ZOOM_OF = {"path": 15, "stream": 14, "building": 15, "street": 13, "secondary": 10, "rail": 10, "green": 12}
"""From which zoom on a layer is drawn that its tiles have earlier."""
_STREETS = frozenset(NUMBER_OF[name] for name in ("street", "secondary", "primary", "path"))
_EDGE = 24
_EARTH_ROUND_M = 40_075_016.7
_LABEL_SIZES = ((500_000, "great"), (50_000, "large"), (5_000, "middle"), (0, "small"))


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What part of the world: its middle in degrees, and a zoom of 3 to 18."""

    lat: float
    lon: float
    zoom: int

    @property
    def origin(self) -> tuple[float, float]:
        """Of the view's corner, in pixels of the whole world at this zoom."""
        x, y = world_of(self.lat, self.lon)
        return x * self.world_pixels - WIDTH / 2, y * self.world_pixels - HEIGHT / 2

    @property
    def world_pixels(self) -> float:
        return TILE_PIXELS * 2.0**self.zoom

    def pixels_of(self, lat: float, lon: float) -> tuple[float, float]:
        x, y = world_of(lat, lon)
        left, top = self.origin
        return x * self.world_pixels - left, y * self.world_pixels - top

    def moved(self, right: float, down: float, closer: int = 0) -> "View":
        """By shares of its width and height, and so many zooms."""
        x, y = world_of(self.lat, self.lon)
        x = (x + right * WIDTH / self.world_pixels) % 1
        lat, lon = degrees_of(x, min(1.0, max(0.0, y + down * HEIGHT / self.world_pixels)))
        zoom = max(FIRST_ZOOM, min(LAST_ZOOM, self.zoom + closer))
        return View(lat=round(lat, 6), lon=round(lon, 6), zoom=zoom)


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """size: great, large, middle, small or street. turn: degrees."""

    x: float
    y: float
    text: str
    size: str
    turn: float = 0.0


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """paths: (layer, SVG path data) in their order. scale: pixels of the bar, and its length."""

    view: View
    paths: tuple[tuple[str, str], ...]
    labels: tuple[Label, ...]
    scale_px: float
    scale_m: int
    is_partial: bool


def fitting(places: Sequence[PlaceRow]) -> View | None:
    """The closest view that holds all places with some room; of one place as near as it is small."""
    if not places:
        return None
    points = [world_of(place.lat, place.lon) for place in places]
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    lat, lon = degrees_of((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    wide = max((max(xs) - min(xs)) / (WIDTH * 0.8), (max(ys) - min(ys)) / (HEIGHT * 0.75))
    zoom = math.floor(math.log2(1 / (wide * TILE_PIXELS))) if wide else LAST_ZOOM
    nearest = min(_alone(place) for place in places)
    return View(lat=round(lat, 6), lon=round(lon, 6), zoom=max(FIRST_ZOOM, min(nearest, zoom)))


def _alone(place: PlaceRow) -> int:
    zooms = {"country": 5, "region": 8, "city": 11, "town": 13, "village": 14, "lake": 12, "island": 11}
    return zooms.get(place.kind, 16)


class Maps:
    """Draws from the tiles that were imported. Reads in every role."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def draw(self, view: View) -> Drawn:
        return await self._context.database.read(
            lambda c: _draw(view, lambda z, xs, ys: store.tiles_of(c, z, xs, ys))
        )


def _draw(view: View, tiles_of: Callable[[int, range, range], list[tuple[int, int, bytes]]]) -> Drawn:
    level = max((level for level in LEVELS if level <= view.zoom), default=LEVELS[0])
    tile_px = TILE_PIXELS * 2.0 ** (view.zoom - level)
    left, top = view.origin
    xs, ys = _span(left, WIDTH, tile_px, level), _span(top, HEIGHT, tile_px, level)
    pen = _Pen(view.zoom, tile_px / GRID)
    for x, y, body in tiles_of(level, xs, ys):
        pen.add(unpacked([body]), x * tile_px - left, y * tile_px - top)
    scale_px, scale_m = _scale(view)
    return Drawn(
        view=view,
        paths=pen.paths(),
        labels=pen.labels(),
        scale_px=scale_px,
        scale_m=scale_m,
        is_partial=pen.is_full,
    )


def _span(start: float, length: int, tile_px: float, level: int) -> range:
    last = (1 << level) - 1
    first = max(0, min(last, int(start // tile_px)))
    return range(first, max(first, min(last, int((start + length) // tile_px))) + 1)


class _Pen:
    """Collects what is drawn, up to a limit of points: the page stays a page."""

    def __init__(self, zoom: int, scale: float) -> None:
        self._zoom, self._scale = zoom, scale
        self._parts: list[list[str]] = [[] for _layer in LAYERS]
        self._points = 0
        self._places: dict[str, tuple[int, float, float]] = {}
        self._streets: dict[str, tuple[float, Label]] = {}

    @property
    def is_full(self) -> bool:
        return self._points >= MOST_POINTS

    def add(self, features: Iterable[Feature], left: float, top: float) -> None:
        for feature in features:
            layer = LAYERS[feature.layer]
            if layer.name == "label":
                self._add_label(feature, left, top)
            elif self._zoom >= _ZOOM_OF.get(layer.name, 0) and not self.is_full:
                for run in feature.runs:
                    self._add_run(feature, run, left, top)

    def _add_label(self, feature: Feature, left: float, top: float) -> None:
        x, y = feature.runs[0][0] * self._scale + left, feature.runs[0][1] * self._scale + top
        known = self._places.get(feature.name)
        if 0 <= x <= WIDTH and 0 <= y <= HEIGHT and (known is None or known[0] < feature.weight):
            self._places[feature.name] = (feature.weight, x, y)

    def _add_run(self, feature: Feature, run: list[int], left: float, top: float) -> None:
        points = _pixels(run, self._scale, left, top)
        if not _is_seen(points):
            return
        self._points += len(points)
        self._parts[feature.layer].append(_path(points, is_closed=LAYERS[feature.layer].is_area))
        if self._zoom >= 16 and feature.name and feature.layer in _STREETS:
            self._add_street(feature.name, points)

    def _add_street(self, name: str, points: Sequence[tuple[float, float]]) -> None:
        """On its longest straight piece in view, if it fits there."""
        for a, b in pairwise(points):
            seen = _within(a, b)
            if seen is None:
                continue
            (ax, ay), (bx, by) = seen
            length = math.hypot(bx - ax, by - ay)
            if length > 6 * len(name) and length > self._streets.get(name, (0.0,))[0]:
                turn = math.degrees(math.atan2(by - ay, bx - ax))
                turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
                x, y = round((ax + bx) / 2, 1), round((ay + by) / 2, 1)
                self._streets[name] = (length, Label(x=x, y=y, text=name, size="street", turn=round(turn, 1)))

    def paths(self) -> tuple[tuple[str, str], ...]:
        drawn = zip(LAYERS, self._parts, strict=True)
        return tuple((layer.name, "".join(parts)) for layer, parts in drawn if parts)

    def labels(self) -> tuple[Label, ...]:
        """The weightiest first, each where no other is."""
        streets = sorted(self._streets.values(), key=lambda found: -found[0])[:_MOST_STREETS]
        heaviest = sorted(self._places.items(), key=lambda found: (-found[1][0], found[0]))
        places = [
            Label(x=round(x, 1), y=round(y, 1), text=name, size=_size(weight))
            for name, (weight, x, y) in heaviest[:200]
        ]
        kept: list[Label] = []
        for label in (*places, *(label for _length, label in streets)):
            if len(kept) < _MOST_LABELS and not any(_overlap(label, other) for other in kept):
                kept.append(label)
        return tuple(kept)


def _within(a: tuple[float, float], b: tuple[float, float]) -> tuple[tuple[float, float], ...] | None:
    """The piece of a segment that is well inside the view (Liang and Barsky 1984)."""
    first, last = 0.0, 1.0
    step = (b[0] - a[0], b[1] - a[1])
    for axis, size in ((0, WIDTH), (1, HEIGHT)):
        for way, room in ((-step[axis], a[axis] - _EDGE), (step[axis], size - _EDGE - a[axis])):
            if way == 0 and room < 0:
                return None
            if way < 0:
                first = max(first, room / way)
            elif way > 0:
                last = min(last, room / way)
    if first >= last:
        return None
    return tuple((a[0] + share * step[0], a[1] + share * step[1]) for share in (first, last))


def _size(weight: int) -> str:
    return next(size for least, size in _LABEL_SIZES if weight >= least)


def _overlap(a: Label, b: Label) -> bool:
    wide = 4.5 * (len(a.text) + len(b.text)) + 8
    return abs(a.x - b.x) < wide and abs(a.y - b.y) < 26


def _pixels(run: Sequence[int], scale: float, left: float, top: float) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    x = y = 0
    for at in range(0, len(run) - 1, 2):
        x, y = x + run[at], y + run[at + 1]
        points.append((round(x * scale + left, 1), round(y * scale + top, 1)))
    return points


def _is_seen(points: Sequence[tuple[float, float]]) -> bool:
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return max(xs) >= 0 and min(xs) <= WIDTH and max(ys) >= 0 and min(ys) <= HEIGHT


def _path(points: Sequence[tuple[float, float]], *, is_closed: bool) -> str:
    """SVG path data, relative and in tenths of a pixel; steps that nobody sees are left out."""
    (x, y), *others = points
    parts = [f"M{x:g} {y:g}l"]
    for to_x, to_y in others:
        if abs(to_x - x) + abs(to_y - y) >= 0.8:
            parts.append(f"{to_x - x:.4g} {to_y - y:.4g} ")
            x, y = to_x, to_y
    if len(parts) == 1:
        return ""
    return "".join(parts).rstrip() + ("z" if is_closed else "")


def _scale(view: View) -> tuple[float, int]:
    """A bar of a round length between 60 and 150 pixels."""
    pixel_m = _EARTH_ROUND_M * math.cos(math.radians(view.lat)) / view.world_pixels
    power = 10.0 ** math.floor(math.log10(max(1.0, 150 * pixel_m)))
    length_m = max((step * power for step in (1, 2, 5) if step * power <= 150 * pixel_m), default=power)
    return round(length_m / pixel_m, 1), round(length_m)
