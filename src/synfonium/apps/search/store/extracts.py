"""What pages said when they were read, so that they can be indexed anew without asking them again."""

import zlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.search.model import Extract
from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import extracts

_LARGEST_BYTES = 4 << 20


class ExtractRow(msgspec.Struct, frozen=True, kw_only=True):
    """standing: which ranks and anchors it is indexed with (see service/graph.py). read_s: UTC."""

    url: str
    extract: Extract
    file_type: str = ""
    read_s: float
    standing: int


def put_extracts(connection: Connection, rows: Sequence[ExtractRow]) -> None:
    """Replaces what these pages said; their links are the graph's and are not kept here."""
    latest = {row.url: row for row in rows}
    remove_extracts(connection, latest)
    if latest:
        connection.execute(insert(extracts), [_values(row) for row in latest.values()])


def _values(row: ExtractRow) -> dict[str, object]:
    packed = msgspec.msgpack.encode(msgspec.structs.replace(row.extract, links=()))
    return {
        "url": row.url,
        "extract": zlib.compress(packed, 3),
        "file_type": row.file_type,
        "read_s": row.read_s,
        "standing": row.standing,
    }


def remove_extracts(connection: Connection, urls: Iterable[str]) -> None:
    for some in chunks(list(urls)):
        connection.execute(delete(extracts).where(extracts.c.url.in_(some)))


def standings_after(connection: Connection, url: str, limit: int) -> list[tuple[str, int]]:
    """(address, standing) of the next pages after `url`, in the order of their addresses."""
    columns = select(extracts.c.url, extracts.c.standing)
    found = connection.execute(columns.where(extracts.c.url > url).order_by(extracts.c.url).limit(limit))
    return [(address, standing) for address, standing in found]


def read_extracts(connection: Connection, urls: Sequence[str]) -> list[ExtractRow]:
    """What these pages said; one that is not kept is left out."""
    rows = []
    for some in chunks(list(urls)):
        for row in connection.execute(select(extracts).where(extracts.c.url.in_(some))):
            packed = zlib.decompressobj().decompress(row.extract, _LARGEST_BYTES)
            extract = msgspec.msgpack.decode(packed, type=Extract)
            rows.append(
                ExtractRow(
                    url=row.url,
                    extract=extract,
                    file_type=row.file_type,
                    read_s=row.read_s,
                    standing=row.standing,
                )
            )
    return rows


def set_standings(connection: Connection, standings: Mapping[str, int]) -> None:
    for url, standing in standings.items():
        connection.execute(update(extracts).where(extracts.c.url == url).values(standing=standing))
