"""Whose what is that was pushed into the search, and what is still on its way to the index."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
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

from synfonium.apps.fabric.model.index import Held
from synfonium.apps.fabric.store.tables import metadata

_BIG_KEY = BigInteger().with_variant(Integer, "sqlite")

# A row for every document, without what is in it: the index holds that.
indexed = Table(
    "fabric_indexed",
    metadata,
    Column("address", String(200), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("app", String(30), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Index("fabric_indexed_person", "person", "app"),
    info={
        "personal": {"person": "id of whose it is; nobody else pushes it; until the thing is gone"},
        "owner": "person",
    },
)

# So that nobody has to count and add up the rows above.
use = Table(
    "fabric_index_use",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("app", String(30), primary_key=True),
    Column("documents", BigInteger, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    info={
        "personal": {"person": "id of whose things they are; to limit an app; until the account is erased"},
        "owner": "person",
    },
)

due = Table(
    "fabric_index_due",
    metadata,
    Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
    Column("address", String(200), nullable=False),
    Column("person", String(26), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("fabric_index_due_address", "address"),
    info={
        "personal": {
            "person": "id of whose it is; to index it for them; until it is indexed, at once",
            "document": "name and text of a thing; to make it found; until it is indexed, at once",
        },
        "owner": "person",
    },
    sqlite_autoincrement=True,
)


class Row(msgspec.Struct, frozen=True):
    person: str
    app: str
    size_bytes: int


class Use(msgspec.Struct, frozen=True):
    documents: int = 0
    size_bytes: int = 0


def rows(connection: Connection, addresses: Sequence[str]) -> Mapping[str, Row]:
    """What is known of these addresses."""
    found = connection.execute(select(indexed).where(indexed.c.address.in_(addresses)))
    return {row.address: Row(row.person, row.app, row.size_bytes) for row in found}


def use_of(connection: Connection, person: str, app: str) -> Use:
    row = connection.execute(select(use).where(use.c.person == person, use.c.app == app)).first()
    return Use(row.documents, row.size_bytes) if row else Use()


def set_use(connection: Connection, person: str, app: str, now: Use) -> None:
    connection.execute(delete(use).where(use.c.person == person, use.c.app == app))
    if now.documents > 0:
        values = {"documents": now.documents, "size_bytes": now.size_bytes}
        connection.execute(insert(use), {"person": person, "app": app, **values})


def put(connection: Connection, app: str, documents: Sequence[tuple[Held, int]]) -> None:
    """Documents with their sizes, instead of what was at their addresses."""
    if not documents:
        return
    addresses = [held.address for held, _size in documents]
    connection.execute(delete(indexed).where(indexed.c.address.in_(addresses)))
    connection.execute(
        insert(indexed),
        [
            {"address": held.address, "person": held.person, "app": app, "size_bytes": size}
            for held, size in documents
        ],
    )
    _enqueue(connection, [held for held, _size in documents])


def remove(connection: Connection, gone: Sequence[Held]) -> None:
    if gone:
        connection.execute(delete(indexed).where(indexed.c.address.in_([held.address for held in gone])))
        _enqueue(connection, gone)


def _enqueue(connection: Connection, documents: Sequence[Held]) -> None:
    # What waited for the same address is no longer wanted.
    connection.execute(delete(due).where(due.c.address.in_([held.address for held in documents])))
    rows = []
    for held in documents:
        wire = msgspec.json.encode(held)
        rows.append(
            {"address": held.address, "person": held.person, "size_bytes": len(wire), "document": wire}
        )
    connection.execute(insert(due), rows)


def waiting(connection: Connection) -> Use:
    """How much is on its way."""
    row = connection.execute(select(func.count(), func.coalesce(func.sum(due.c.size_bytes), 0))).one()
    return Use(int(row[0]), int(row[1]))


def next_due(connection: Connection, limit: int, most_bytes: int) -> tuple[Sequence[tuple[int, Held]], bool]:
    """The oldest, at most so many and so much of them, at least one: (seq, document); and whether
    these are as many as may be taken at once."""
    sizes = connection.execute(select(due.c.seq, due.c.size_bytes).order_by(due.c.seq).limit(limit)).all()
    last, total = 0, 0
    for seq, size in sizes:
        if last and total + size > most_bytes:
            break
        last, total = seq, total + size
    query = select(due.c.seq, due.c.document).where(due.c.seq <= last).order_by(due.c.seq)
    found = [(row.seq, msgspec.json.decode(row.document, type=Held)) for row in connection.execute(query)]
    return found, len(sizes) == limit or len(found) < len(sizes)


def done(connection: Connection, sequences: Sequence[int]) -> None:
    connection.execute(delete(due).where(due.c.seq.in_(sequences)))


def forget_person(connection: Connection, person: str) -> None:
    for table in (due, indexed, use):
        connection.execute(delete(table).where(table.c.person == person))


def is_empty(connection: Connection) -> bool:
    return connection.execute(select(indexed.c.address).limit(1)).first() is None


def owners(connection: Connection, addresses: Sequence[str]) -> set[tuple[str, str]]:
    """(person, app) of what has these addresses."""
    query = select(indexed.c.person, indexed.c.app).where(indexed.c.address.in_(addresses)).distinct()
    return {(row.person, row.app) for row in connection.execute(query)}
