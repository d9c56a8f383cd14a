"""Extracts of OpenStreetMap (.osm.pbf, .osm, .osm.bz2) by osmium: places to find, and what the map shows.

osmium is of the optional packages `bulk`, and imported when a file is read.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synfonium.apps.search.errors import NotReadable, PartMissing
from synfonium.apps.search.service.places.kinds import SETTLEMENTS, Kind, by_tag
from synfonium.apps.search.service.places.mercator import cell_of
from synfonium.apps.search.service.places.naming import names_of
from synfonium.apps.search.service.places.tiles import Run, Shape
from synfonium.apps.search.store.places import PlaceRow

if TYPE_CHECKING:
    import osmium

_ROADS = {
    "motorway": "motorway", "trunk": "motorway", "primary": "primary", "secondary": "secondary",
    "tertiary": "street", "unclassified": "street", "residential": "street", "living_street": "street",
    "pedestrian": "street", "service": "path", "track": "path", "footway": "path", "cycleway": "path",
    "path": "path", "steps": "path",
}  # fmt: skip
_LINES = {
    ("natural", "coastline"): "coast",
    ("waterway", "river"): "river",
    ("waterway", "canal"): "river",
    ("waterway", "stream"): "stream",
    ("railway", "rail"): "rail",
    ("railway", "light_rail"): "rail",
    ("railway", "tram"): "rail",
}
_AREAS = {
    ("natural", "water"): "water",
    ("waterway", "riverbank"): "water",
    ("landuse", "reservoir"): "water",
    ("natural", "wood"): "wood",
    ("landuse", "forest"): "wood",
    ("leisure", "park"): "green",
    ("leisure", "garden"): "green",
    ("landuse", "grass"): "green",
    ("landuse", "meadow"): "green",
    ("landuse", "cemetery"): "green",
}
_SHOWN = ("opening_hours", "phone", "contact:phone", "website", "contact:website", "wheelchair")
_NAMES = ("name:fr", "name:en", "alt_name", "official_name", "short_name", "old_name")
_MOST_POINTS = 100_000
Tags = Mapping[str, str]
Read = PlaceRow | Shape


def read_openstreetmap(path: Path) -> Iterator[Read]:
    """Places and shapes, in the order of the file. Raises NotReadable or PartMissing."""
    try:
        import osmium
    except ImportError as missing:
        raise PartMissing(part="osmium") from missing
    try:
        processor = osmium.FileProcessor(str(path)).with_locations().with_areas()
        for thing in processor.with_filter(osmium.filter.EmptyTagFilter()):
            yield from _read(thing)
    except (OSError, RuntimeError) as failure:
        raise NotReadable(name=path.name) from failure


def _read(thing: Any) -> Iterator[Read]:
    tags = dict(thing.tags)
    if thing.is_node():
        if thing.location.valid():
            yield from _place(f"n{thing.id}", tags, thing.location.lat, thing.location.lon)
    elif thing.is_way():
        layer = _line(tags)
        run = _run(thing.nodes) if layer else []
        if layer and len(run) > 1:
            yield Shape(layer=layer, runs=[run], name=_name(tags) or tags.get("ref", "")[:20])
    elif thing.is_area():
        yield from _area(thing, tags)


def _area(thing: Any, tags: Tags) -> Iterator[Read]:
    layer = "building" if tags.get("building", "no") != "no" else _of(tags, _AREAS)
    wanted = any((key, value) in by_tag() for key, value in tags.items())
    if not layer and not wanted:
        return
    rings = list(_rings(thing))
    if not rings:
        return
    if layer:
        yield Shape(layer=layer, runs=rings, name=_name(tags) if layer == "water" else "")
    lats, lons = [lat for lat, _lon in rings[0]], [lon for _lat, lon in rings[0]]
    prefix = "w" if thing.from_way() else "r"
    yield from _place(
        f"{prefix}{thing.orig_id()}", tags, (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    )


def _rings(area: "osmium.osm.Area") -> Iterator[Run]:
    """Outer rings one way round, inner ones the other, so that holes stay holes."""
    for outer in area.outer_rings():
        yield _turned(_run(outer), clockwise=True)
        for inner in area.inner_rings(outer):
            yield _turned(_run(inner), clockwise=False)


def _turned(run: Run, *, clockwise: bool) -> Run:
    twice_area = sum(a[1] * b[0] - b[1] * a[0] for a, b in zip(run, [*run[1:], *run[:1]], strict=True))
    return run if (twice_area < 0) == clockwise else run[::-1]


def _run(nodes: Any) -> Run:
    return [(node.lat, node.lon) for node in list(nodes)[:_MOST_POINTS] if node.location.valid()]


def _line(tags: Tags) -> str:
    if tags.get("area") == "yes":
        return ""
    if road := _ROADS.get(tags.get("highway", "").removesuffix("_link")):
        return road
    if tags.get("boundary") == "administrative" and tags.get("admin_level", "") in ("2", "4"):
        return "border"
    return _of(tags, _LINES)


def _of(tags: Tags, layers: Mapping[tuple[str, str], str]) -> str:
    return next((layers[tag] for tag in tags.items() if tag in layers), "")


def _name(tags: Tags) -> str:
    return tags.get("name", "")[:200]


def _place(key: str, tags: Tags, lat: float, lon: float) -> Iterator[Read]:
    kind = next((by_tag()[tag] for tag in tags.items() if tag in by_tag()), None)
    if kind is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return
    name, weight = _name(tags), _weight(kind, tags)
    others = [part for tag in _NAMES for part in tags.get(tag, "").split(";")[:3]]
    yield PlaceRow(
        key=key[:24],
        name=name,
        kind=kind.name,
        lat=lat,
        lon=lon,
        cell=cell_of(lat, lon),
        weight=weight,
        within=(tags.get("addr:city") or tags.get("is_in") or "")[:200],
        country=tags.get("addr:country", "")[:2],
        details=_details(tags),
        names=names_of(name, others, weight) if name else {},
    )
    if kind.name in SETTLEMENTS and name:
        yield Shape(layer="label", runs=[[(lat, lon)]], name=name, weight=weight)


def _weight(kind: Kind, tags: Tags) -> int:
    inhabitants = tags.get("population", "")
    if inhabitants.isdecimal() and len(inhabitants) < 10:
        return int(inhabitants)
    return kind.weight * (2 if "wikidata" in tags else 1)


def _details(tags: Tags) -> dict[str, str]:
    found = {key.removeprefix("contact:"): tags[key][:200] for key in _SHOWN if key in tags}
    street = " ".join(filter(None, (tags.get("addr:housenumber"), tags.get("addr:street"))))
    town = " ".join(filter(None, (tags.get("addr:postcode"), tags.get("addr:city"))))
    address = ", ".join(filter(None, (street, town)))
    return {**found, "address": address[:200]} if address else found
