"""What was imported to answer from: entries of encyclopedias and dictionaries, rates of currencies."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)

from synfonium.apps.search.store.chunks import chunks
from synfonium.apps.search.store.tables import metadata

LONGEST_KEY, LONGEST_NAME = 400, 200

entries = Table(
    "search_entry",
    metadata,
    Column("key", String(LONGEST_KEY), primary_key=True),
    Column("lang", String(20), nullable=False),
    Column("is_dictionary", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    info={"personal": {}},
)

entry_names = Table(
    "search_entry_name",
    metadata,
    Column("name", String(LONGEST_NAME), primary_key=True),
    Column("key", String(LONGEST_KEY), primary_key=True),
    Column("place", Integer, nullable=False),
    Index("search_entry_name_key", "key"),
    info={"personal": {}},
)

rates = Table(
    "search_rates",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    info={"personal": {}},
)


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as bytes, and the folded names it is found by, each with its place (0 is best)."""

    key: str
    lang: str
    is_dictionary: bool
    body: bytes
    names: Mapping[str, int]


def put_entries(connection: Connection, rows: Sequence[EntryRow]) -> None:
    """Replaces those that are known by the same key."""
    latest = {row.key: row for row in rows}
    for some in chunks(list(latest)):
        connection.execute(delete(entries).where(entries.c.key.in_(some)))
        connection.execute(delete(entry_names).where(entry_names.c.key.in_(some)))
    if not latest:
        return
    columns = ("key", "lang", "is_dictionary", "body")
    connection.execute(
        insert(entries), [{name: getattr(row, name) for name in columns} for row in latest.values()]
    )
    names = [
        {"name": name, "key": row.key, "place": place}
        for row in latest.values()
        for name, place in row.names.items()
    ]
    if names:
        connection.execute(insert(entry_names), names)


def entries_named(
    connection: Connection, name: str, lang: str, *, is_dictionary: bool, limit: int
) -> list[bytes]:
    """Bodies of the entries of this name, those in `lang` first, then by their place."""
    found = connection.execute(
        select(entries.c.body)
        .join(entry_names, entry_names.c.key == entries.c.key)
        .where(entry_names.c.name == name, entries.c.is_dictionary == int(is_dictionary))
        .order_by(entries.c.lang != lang, entry_names.c.place, entries.c.key)
        .limit(limit)
    )
    return [row.body for row in found]


def count_entries(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(entries)) or 0


def put_rates(connection: Connection, days: Iterable[tuple[str, bytes]]) -> None:
    """Rates by day (ISO 8601); those of a day that is known are replaced."""
    latest = dict(days)
    for some in chunks(list(latest)):
        connection.execute(delete(rates).where(rates.c.day.in_(some)))
    if latest:
        connection.execute(insert(rates), [{"day": day, "body": body} for day, body in latest.items()])


def rates_until(connection: Connection, day: str) -> tuple[str, bytes] | None:
    """The last rates of this day or before."""
    row = connection.execute(
        select(rates.c.day, rates.c.body).where(rates.c.day <= day).order_by(rates.c.day.desc()).limit(1)
    ).first()
    return (row.day, row.body) if row else None
