"""Tables `yourdata_*`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from synfonium.apps.yourdata.model import Asked, Erasure
from synfonium.kernel.mail.letter import mail_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("yourdata", metadata)
mail = mail_table("yourdata", metadata)

archives = Table(
    "yourdata_archive",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("ends_s", Float, nullable=False),
    Column("by", String(26), nullable=False, server_default=""),
    info={
        "personal": {
            "person": "id of whose data it holds; so that only they get it; 7 days",
            "by": "id of the administrator who asked for it, by a pass; so that only they get it; 1 day",
        },
        "owner": "person",
        "mentions": ("by",),
        "swept": "synfonium.apps.yourdata.service.archives:Archives.sweep",
    },
)

erasures = Table(
    "yourdata_erasure",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("due_s", Float, nullable=False),
    Column("done", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    info={
        "personal": {"person": "id of whose account goes; to finish, and to prove it; with the installation"},
        "kept": "the proof that it was destroyed: an id, when, and how much of what",
    },
)

arrivals = Table(
    "yourdata_arrival",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("begun_s", Float, nullable=False),
    info={
        "personal": {"person": "id that a newcomer will have; to take all back if it fails; minutes"},
        "owner": "person",
        "swept": "synfonium.apps.yourdata.service.imports:Imports.tidy",
    },
)

a, e = archives.c, erasures.c


def add_archive(connection: Connection, asked: Asked) -> None:
    connection.execute(insert(archives), [msgspec.structs.asdict(asked)])


def archives_of(connection: Connection, person: str, by: str | None = None) -> list[Asked]:
    """The newest first. by: those that this administrator asked for, "" for the person's own."""
    found = select(archives).where(a.person == person).order_by(a.id.desc()).limit(50)
    rows = connection.execute(found if by is None else found.where(a.by == by))
    return [_asked(row) for row in rows]


def archive(connection: Connection, id_: str) -> Asked | None:
    row = connection.execute(select(archives).where(a.id == id_)).first()
    return _asked(row) if row else None


def next_archive(connection: Connection) -> Asked | None:
    row = connection.execute(select(archives).where(a.state == "waiting").order_by(a.id).limit(1)).first()
    return _asked(row) if row else None


def change_archive(connection: Connection, id_: str, **values: object) -> bool:
    return connection.execute(update(archives).where(a.id == id_).values(**values)).rowcount == 1


def restart_archives(connection: Connection) -> int:
    """Those that a crash cut short are made from the beginning."""
    again = update(archives).where(a.state == "making").values(state="waiting", done_bytes=0)
    return connection.execute(again).rowcount


def ended_archives(connection: Connection, now_s: float) -> list[str]:
    over = (a.state.in_(("ready", "failed"))) & (a.ends_s < now_s)
    return list(connection.execute(select(a.id).where(over).limit(100)).scalars())


def remove_archive(connection: Connection, id_: str) -> None:
    connection.execute(delete(archives).where(a.id == id_))


def _asked(row: Row[Any]) -> Asked:
    return Asked(**row._mapping)


def add_erasure(connection: Connection, erasure: Erasure) -> None:
    values = msgspec.structs.asdict(erasure) | {"done": msgspec.json.encode(erasure.done).decode()}
    connection.execute(insert(erasures), [values])


def erasure(connection: Connection, id_: str) -> Erasure | None:
    return _erasure(connection.execute(select(erasures).where(e.id == id_)).first())


def erasure_of(connection: Connection, person: str) -> Erasure | None:
    """The one that is not done yet."""
    mine = select(erasures).where(e.person == person, e.state != "done").limit(1)
    return _erasure(connection.execute(mine).first())


def due_erasures(connection: Connection, now_s: float) -> Sequence[Erasure]:
    due = select(erasures).where((e.state == "running") | ((e.state == "waiting") & (e.due_s <= now_s)))
    return [found for row in connection.execute(due.limit(100)) if (found := _erasure(row))]


def change_erasure(connection: Connection, id_: str, **values: object) -> None:
    if "done" in values:
        values["done"] = msgspec.json.encode(values["done"]).decode()
    connection.execute(update(erasures).where(e.id == id_).values(**values))


def withdraw_erasure(connection: Connection, person: str) -> bool:
    """While it only waits; whether there was one."""
    mine = (e.person == person) & (e.state == "waiting")
    return connection.execute(delete(erasures).where(mine)).rowcount > 0


def _erasure(row: Row[Any] | None) -> Erasure | None:
    if row is None:
        return None
    return Erasure(**{**row._mapping, "done": msgspec.json.decode(row.done)})


def add_arrival(connection: Connection, person: str, sealed_key: bytes, now_s: float) -> None:
    connection.execute(insert(arrivals), [{"person": person, "sealed_key": sealed_key, "begun_s": now_s}])


def arrivals_left(connection: Connection) -> list[str]:
    return list(connection.execute(select(arrivals.c.person).limit(100)).scalars())


def remove_arrival(connection: Connection, person: str) -> None:
    connection.execute(delete(arrivals).where(arrivals.c.person == person))
