"""Places, the names they are found by, and what the map is drawn from."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Subquery,
    Table,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.engine import Row

from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import metadata

LONGEST_PLACE_NAME = 80
_NAME = String(LONGEST_PLACE_NAME).with_variant(String(LONGEST_PLACE_NAME, collation="C"), "postgresql")
_LAST = "\uffff"

places = Table(
    "search_place",
    metadata,
    Column("key", String(24), primary_key=True),
    Column("source", String(60), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("cell", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("within", String(200), nullable=False),
    Column("country", String(2), nullable=False),
    Column("details", LargeBinary, nullable=False),
    Index("search_place_near", "kind", "cell"),
    info={"personal": {}},
)

# Its key is all of it: one tree, in the order that names are looked up in.
place_names = Table(
    "search_place_name",
    metadata,
    Column("name", _NAME, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("key", String(24), primary_key=True),
    Index("search_place_name_key", "key"),
    info={"personal": {}},
    sqlite_with_rowid=False,
)

map_tiles = Table(
    "search_map_tile",
    metadata,
    Column("zoom", Integer, primary_key=True),
    Column("x", Integer, primary_key=True),
    Column("y", Integer, primary_key=True),
    Column("source", String(60), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    info={"personal": {}},
)


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A place. cell: see `places.mercator.cell_of`; weight: inhabitants, or how important it is.

    details: what is shown besides, by its tag (`opening_hours`, `phone` …). names: folded, each
    with its rank (smaller comes first); empty in what is read.
    """

    key: str
    name: str
    kind: str
    lat: float
    lon: float
    cell: int
    weight: int = 0
    within: str = ""
    country: str = ""
    details: Mapping[str, str] = {}
    names: Mapping[str, int] = {}


class TileRow(msgspec.Struct, frozen=True, kw_only=True):
    zoom: int
    x: int
    y: int
    part: int
    body: bytes


def put_places(connection: Connection, source: str, rows: Sequence[PlaceRow]) -> None:
    """Replaces those that are known by the same key, whichever file they came from."""
    latest = {row.key: row for row in rows}
    for some in chunks(list(latest)):
        known = list(connection.scalars(select(places.c.key).where(places.c.key.in_(some))))
        if known:
            _forget(connection, known)
    if latest:
        connection.execute(insert(places), [_values(source, row) for row in latest.values()])
    names = [
        {"name": name, "rank": rank, "key": row.key}
        for row in latest.values()
        for name, rank in row.names.items()
    ]
    if names:
        connection.execute(insert(place_names), names)


def _forget(connection: Connection, keys: list[str]) -> None:
    connection.execute(delete(places).where(places.c.key.in_(keys)))
    connection.execute(delete(place_names).where(place_names.c.key.in_(keys)))


def _values(source: str, row: PlaceRow) -> dict[str, object]:
    names = ("key", "name", "kind", "lat", "lon", "cell", "weight", "within", "country")
    details = msgspec.json.encode(row.details)
    return {**{name: getattr(row, name) for name in names}, "source": source, "details": details}


def remove_source(connection: Connection, source: str) -> None:
    """Everything that came from one file."""
    keys = select(places.c.key).where(places.c.source == source)
    connection.execute(delete(place_names).where(place_names.c.key.in_(keys)))
    for table in (places, map_tiles):
        connection.execute(delete(table).where(table.c.source == source))


def put_tiles(connection: Connection, source: str, rows: Sequence[TileRow]) -> None:
    if rows:
        connection.execute(
            insert(map_tiles), [{**msgspec.structs.asdict(row), "source": source} for row in rows]
        )


def tiles_of(connection: Connection, zoom: int, xs: range, ys: range) -> list[tuple[int, int, bytes]]:
    """(x, y, body) of every part in a rectangle of tiles."""
    found = connection.execute(
        select(map_tiles.c.x, map_tiles.c.y, map_tiles.c.body)
        .where(
            map_tiles.c.zoom == zoom,
            map_tiles.c.x.in_(list(xs)),
            map_tiles.c.y.between(ys.start, ys.stop - 1),
        )
        .order_by(map_tiles.c.x, map_tiles.c.y, map_tiles.c.source, map_tiles.c.part)
    )
    return [(row.x, row.y, row.body) for row in found]


def places_named(connection: Connection, name: str, limit: int) -> list[PlaceRow]:
    """Those of this very name, the heaviest first."""
    found = (
        select(place_names.c.key, place_names.c.rank)
        .where(place_names.c.name == name)
        .order_by(place_names.c.rank)
        .limit(limit)
        .subquery()
    )
    return _places_of(connection, found)


def places_beginning(connection: Connection, name: str, most_read: int, limit: int) -> list[PlaceRow]:
    """The heaviest of the first `most_read` names that begin so."""
    read = (
        select(place_names.c.key, place_names.c.rank)
        .where(place_names.c.name >= name, place_names.c.name < name + _LAST)
        .order_by(place_names.c.name, place_names.c.rank)
        .limit(most_read)
        .subquery()
    )
    rank = func.min(read.c.rank).label("rank")
    heaviest = select(read.c.key, rank).group_by(read.c.key).order_by(rank, read.c.key).limit(limit)
    return _places_of(connection, heaviest.subquery())


def _places_of(connection: Connection, found: Subquery) -> list[PlaceRow]:
    rows = connection.execute(
        select(places).join(found, places.c.key == found.c.key).order_by(found.c.rank, places.c.key)
    )
    return [_place(row) for row in rows]


def places_in_cells(connection: Connection, kind: str, cells: Iterable[int], limit: int) -> list[PlaceRow]:
    wanted = select(places).where(places.c.kind == kind, places.c.cell.in_(list(cells))).limit(limit)
    return [_place(row) for row in connection.execute(wanted)]


def place_of(connection: Connection, key: str) -> PlaceRow | None:
    row = connection.execute(select(places).where(places.c.key == key)).first()
    return _place(row) if row else None


def has_places(connection: Connection) -> bool:
    return connection.execute(select(places.c.key).limit(1)).first() is not None


def _place(row: Row[tuple[object, ...]]) -> PlaceRow:
    return PlaceRow(
        key=row.key,
        name=row.name,
        kind=row.kind,
        lat=row.lat,
        lon=row.lon,
        cell=row.cell,
        weight=row.weight,
        within=row.within,
        country=row.country,
        details=msgspec.json.decode(row.details, type=dict[str, str]),
    )
