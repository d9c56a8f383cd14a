"""Where in the archive the pages are, as they came."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from synfonium.apps.search.store.inserts import insert_new
from synfonium.apps.search.store.tables import archive


class ArchivedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One WARC record, a gzip member of its own: bytes [start_byte, start_byte + size_bytes) of a
    blob. read_s: UTC seconds."""

    url: str
    read_s: float
    blob: str
    start_byte: int
    size_bytes: int


def add_archived(connection: Connection, rows: Sequence[ArchivedRow]) -> None:
    if rows:
        made = insert_new(connection, archive).on_conflict_do_nothing()
        connection.execute(made, [msgspec.structs.asdict(row) for row in rows])


def last_archived(connection: Connection, url: str) -> ArchivedRow | None:
    """The newest record of an address."""
    found = select(archive).where(archive.c.url == url).order_by(archive.c.read_s.desc()).limit(1)
    row = connection.execute(found).first()
    return ArchivedRow(**row._mapping) if row else None


def archived_blobs(connection: Connection) -> list[str]:
    """All blobs with records; their names are in the order in which they were made."""
    return list(connection.scalars(select(archive.c.blob).distinct().order_by(archive.c.blob)))


def forget_archived(connection: Connection, before_s: float) -> list[str]:
    """Removes records read before; returns the blobs in which no record is left."""
    old = select(archive.c.blob).where(archive.c.read_s < before_s).distinct()
    touched = set(connection.scalars(old))
    connection.execute(delete(archive).where(archive.c.read_s < before_s))
    return sorted(touched - set(archived_blobs(connection)))
