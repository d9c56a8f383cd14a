"""What the last visit of an address left behind: validators, links, and when to come again."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.search.model import VisitKind
from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import visits


class VisitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One address that was read. etag, last_modified: for a conditional request (RFC 9110,
    section 13). digest: of what it said. links: its links, packed. Times in UTC seconds;
    interval_s: after how long it is due again."""

    url: str
    authority: str
    kind: VisitKind = "page"
    etag: str = ""
    last_modified: str = ""
    digest: bytes = b""
    links: bytes = b""
    visited_s: float
    interval_s: float
    due_s: float


def visits_of(connection: Connection, urls: Sequence[str]) -> dict[str, VisitRow]:
    """The last visits of these addresses, of those that were visited."""
    found: dict[str, VisitRow] = {}
    for some in chunks(list(urls)):
        rows = connection.execute(select(visits).where(visits.c.url.in_(some)))
        found.update({row.url: VisitRow(**row._mapping) for row in rows})
    return found


def visited(connection: Connection, urls: Sequence[str]) -> dict[str, float]:
    """When these addresses were visited last, of those that were; UTC seconds."""
    found: dict[str, float] = {}
    for some in chunks(list(urls)):
        rows = connection.execute(select(visits.c.url, visits.c.visited_s).where(visits.c.url.in_(some)))
        found.update({row.url: row.visited_s for row in rows})
    return found


def put_visits(connection: Connection, rows: Sequence[VisitRow]) -> None:
    for some in chunks([row.url for row in rows]):
        connection.execute(delete(visits).where(visits.c.url.in_(some)))
    if rows:
        connection.execute(insert(visits), [msgspec.structs.asdict(row) for row in rows])
