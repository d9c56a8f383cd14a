"""The journal of facts, and who may hear each: kept for a week, for whoever comes back."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
)

from synfonium.apps.fabric.model.facts import Fact, Listener
from synfonium.apps.fabric.store.tables import metadata

_BIG = BigInteger().with_variant(Integer, "sqlite")

facts = Table(
    "fabric_event",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("key", String(26), nullable=False, unique=True),
    Column("id", String(128), nullable=False),
    Column("type", String(100), nullable=False),
    Column("app", String(30), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("path", Text, nullable=False),
    Column("owner", String(26), nullable=False),
    Column("time_s", Float, nullable=False),
    Column("ends_s", Float, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("app", "id", name="fabric_event_once"),
    Index("fabric_event_owner", "owner", "seq"),
    Index("fabric_event_ends", "ends_s"),
    info={
        "personal": {
            "subject": "address of their thing; to tell apps that may see it what happened; some days",
            "path": "addresses of what it lies in; to find out who may hear of it; some days",
            "owner": "id of the person whose thing it is; to tell and erase; some days",
            "data": "what happened; to tell apps that may see it; some days",
        },
        "owner": "owner",
        "ends": ("ends_s", 0.0),
    },
    sqlite_autoincrement=True,
)

hearers = Table(
    "fabric_hearer",
    metadata,
    Column("app", String(30), primary_key=True),
    Column("person", String(26), primary_key=True),
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("grant_id", String(26), primary_key=True),
    Column("ends_s", Float, nullable=False),
    Index("fabric_hearer_seq", "seq"),
    Index("fabric_hearer_ends", "ends_s"),
    info={
        "personal": {
            "person": "id of who gave the right by which an app may hear; to tell it; some days",
        },
        "owner": "person",
        "ends": ("ends_s", 0.0),
    },
)
f, h = facts.c, hearers.c

_INSERT = insert(facts)
_TWINS = select(f.app, f.id).where(f.app == bindparam("app"), f.id.in_(bindparam("ids", expanding=True)))
_PLACES = select(f.key, f.seq).where(f.key.in_(bindparam("keys", expanding=True)))
_AFTER = select(facts).where(f.seq > bindparam("after")).order_by(f.seq).limit(bindparam("most"))
_OF_OWNER = _AFTER.where(f.owner == bindparam("owner"))
_HEARD = (
    select(facts, h.grant_id)
    .join(hearers, h.seq == f.seq)
    .where(h.app == bindparam("app"), h.person == bindparam("person"), h.seq > bindparam("after"))
    .order_by(h.seq)
    .limit(bindparam("most"))
)


class Hearer(msgspec.Struct, frozen=True, kw_only=True):
    """By which grant an app may hear of the fact `seq`."""

    seq: int
    app: str
    person: str
    grant: str


def add_many(connection: Connection, found: Sequence[Fact], ends_s: float) -> dict[str, int]:
    """The places, by their keys, of those that were not there already."""
    known = {
        (row.app, row.id)
        for app in {fact.app for fact in found}
        for row in connection.execute(_TWINS, {"app": app, "ids": [f.id for f in found if f.app == app]})
    }
    new = {(fact.app, fact.id): fact for fact in reversed(found) if (fact.app, fact.id) not in known}
    if not new:
        return {}
    facts_ = list(reversed(new.values()))
    connection.execute(_INSERT, [_values(fact, ends_s) for fact in facts_])
    places = connection.execute(_PLACES, {"keys": [fact.key for fact in facts_]})
    return {row.key: int(row.seq) for row in places}


def _values(fact: Fact, ends_s: float) -> dict[str, Any]:
    return {
        "key": fact.key,
        "id": fact.id,
        "type": fact.type,
        "app": fact.app,
        "subject": fact.subject,
        "path": " ".join(fact.path),
        "owner": fact.owner,
        "time_s": fact.time_s,
        "ends_s": ends_s,
        "data": msgspec.json.encode(fact.data),
    }


def add_hearers(connection: Connection, found: Sequence[Hearer], ends_s: float) -> None:
    if found:
        rows = [
            {"app": one.app, "person": one.person, "seq": one.seq, "grant_id": one.grant, "ends_s": ends_s}
            for one in found
        ]
        connection.execute(insert(hearers), rows)


def after(connection: Connection, seq: int, most: int) -> tuple[Sequence[Fact], Sequence[Hearer]]:
    """What came after `seq`, oldest first, and who may hear of it."""
    found = [_fact(row) for row in connection.execute(_AFTER, {"after": seq, "most": most})]
    seqs = [fact.seq for fact in found]
    rows = connection.execute(select(hearers).where(h.seq.in_(seqs))) if seqs else ()
    return found, [Hearer(seq=row.seq, app=row.app, person=row.person, grant=row.grant_id) for row in rows]


def heard(
    connection: Connection, to: Listener, seq: int, most: int
) -> Sequence[tuple[Fact, Collection[str]]]:
    """What an app could hear after `seq`, each with the grants by which; or a person, of their own."""
    if not to.app:
        values = {"after": seq, "owner": to.person, "most": most}
        return [(_fact(row), ()) for row in connection.execute(_OF_OWNER, values)]
    values = {"app": to.app, "person": to.person, "after": seq, "most": most}
    found: dict[int, tuple[Fact, list[str]]] = {}
    for row in connection.execute(_HEARD, values):
        found.setdefault(row.seq, (_fact(row), []))[1].append(row.grant_id)
    return list(found.values())


def last(connection: Connection) -> int:
    return int(connection.execute(select(func.max(f.seq))).scalar() or 0)


def place_of(connection: Connection, key: str) -> int | None:
    """Where the fact with this key stands."""
    seq = connection.execute(select(f.seq).where(f.key == key)).scalar()
    return None if seq is None else int(seq)


def one(connection: Connection, seq: int) -> Fact | None:
    row = connection.execute(select(facts).where(f.seq == seq)).first()
    return _fact(row) if row else None


def _fact(row: Row[*tuple[Any, ...]]) -> Fact:
    return Fact(
        seq=row.seq,
        key=row.key,
        id=row.id,
        type=row.type,
        app=row.app,
        subject=row.subject,
        path=tuple(row.path.split()),
        owner=row.owner,
        time_s=row.time_s,
        data=msgspec.json.decode(row.data),
    )


def grants_of(connection: Connection, to: Listener, seq: int) -> Sequence[str]:
    """The grants by which an app may hear of a fact."""
    query = select(h.grant_id).where(h.app == to.app, h.person == to.person, h.seq == seq)
    return list(connection.execute(query).scalars())
