"""Rows of trusted people, and of recoveries that go through them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Row,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.model.trust import Rescue
from synfonium.apps.identity.store.people import as_account
from synfonium.apps.identity.store.tables import metadata, people
from synfonium.common.ids import PersonId, new_id

trusted = Table(
    "identity_trusted",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("trusted", String(26), nullable=False),
    Column("is_accepted", Boolean, nullable=False),
    Column("asked_s", Float, nullable=False),
    Index("identity_trusted_person", "person"),
    Index("identity_trusted_trusted", "trusted"),
    info={
        "personal": {
            "person": "who trusts; so that they can be let in again; until taken back",
            "trusted": "whom they trust; so that this person can confirm who they are; until taken back",
        },
        "owner": "person",
        "mentions": ("trusted",),
    },
)

rescues = Table(
    "identity_rescue",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("spoken_hash", String(64), nullable=False),
    Column("confirmed_by", String(26), nullable=False),
    Column("due_s", Float, nullable=False),
    Column("expires_s", Float, nullable=False),
    Index("identity_rescue_person", "person"),
    info={
        "personal": {
            "person": "whose account is asked for; to let them in again; a few days",
            "confirmed_by": "who confirmed it; so that the owner knows; a few days",
        },
        "owner": "person",
        "secrets": ("spoken_hash",),
        "mentions": ("confirmed_by",),
        "ends": ("expires_s", 0.0),
    },
)


def add_trusted(connection: Connection, person_id: str, other_id: str, now_s: float) -> None:
    row = {
        "id": new_id(now_s),
        "person": person_id,
        "trusted": other_id,
        "is_accepted": False,
        "asked_s": now_s,
    }
    connection.execute(insert(trusted), [row])


def accept(connection: Connection, person_id: str, other_id: str) -> bool:
    mine = (trusted.c.person == person_id) & (trusted.c.trusted == other_id)
    return connection.execute(update(trusted).where(mine).values(is_accepted=True)).rowcount == 1


def remove_trusted(connection: Connection, person_id: str, other_id: str) -> bool:
    mine = (trusted.c.person == person_id) & (trusted.c.trusted == other_id)
    return connection.execute(delete(trusted).where(mine)).rowcount == 1


def trusted_by(connection: Connection, person_id: str) -> Sequence[tuple[Account, bool]]:
    """Whom the person trusts, and whether they have accepted."""
    found = (
        select(trusted.c.is_accepted, people)
        .join(people, people.c.id == trusted.c.trusted)
        .where(trusted.c.person == person_id)
        .order_by(trusted.c.asked_s)
    )
    return [(as_account(row), bool(row.is_accepted)) for row in connection.execute(found)]


def trusting(connection: Connection, other_id: str) -> Sequence[tuple[Account, bool]]:
    """Who trusts this person, and whether they have accepted it."""
    found = (
        select(trusted.c.is_accepted, people)
        .join(people, people.c.id == trusted.c.person)
        .where(trusted.c.trusted == other_id)
        .order_by(trusted.c.asked_s)
    )
    return [(as_account(row), bool(row.is_accepted)) for row in connection.execute(found)]


def add_rescue(connection: Connection, rescue: Rescue, hashed: str, spoken_hash: str) -> None:
    row = {
        "id": rescue.id,
        "person": rescue.person_id,
        "hash": hashed,
        "spoken_hash": spoken_hash,
        "confirmed_by": rescue.confirmed_by,
        "due_s": rescue.due_s,
        "expires_s": rescue.expires_s,
    }
    connection.execute(insert(rescues), [row])


def rescue_by_hash(connection: Connection, hashed: str, now_s: float) -> Rescue | None:
    living = (rescues.c.hash == hashed) & (rescues.c.expires_s > now_s)
    return _one(connection.execute(select(rescues).where(living)).first())


def rescues_of(connection: Connection, person_id: str, now_s: float) -> Sequence[Rescue]:
    living = (rescues.c.person == person_id) & (rescues.c.expires_s > now_s)
    return [_rescue(row) for row in connection.execute(select(rescues).where(living))]


def confirm_rescue(
    connection: Connection, rescue_id: str, by: str, spoken_hash: str, *, due_s: float, expires_s: float
) -> bool:
    """Whether the spoken code was right and nobody had confirmed it yet."""
    open_one = (
        (rescues.c.id == rescue_id) & (rescues.c.confirmed_by == "") & (rescues.c.spoken_hash == spoken_hash)
    )
    change = update(rescues).where(open_one).values(confirmed_by=by, due_s=due_s, expires_s=expires_s)
    return connection.execute(change).rowcount == 1


def end_rescue(connection: Connection, rescue_id: str) -> bool:
    return connection.execute(delete(rescues).where(rescues.c.id == rescue_id)).rowcount == 1


def end_rescues_confirmed_by(connection: Connection, person_id: str, other_id: str) -> None:
    mine = (rescues.c.person == person_id) & or_(
        rescues.c.confirmed_by == other_id, rescues.c.confirmed_by == ""
    )
    connection.execute(delete(rescues).where(mine))


def _one(row: Row[Any] | None) -> Rescue | None:
    return None if row is None else _rescue(row)


def _rescue(row: Row[Any]) -> Rescue:
    return Rescue(
        id=row.id,
        person_id=PersonId(row.person),
        confirmed_by=PersonId(row.confirmed_by),
        due_s=row.due_s,
        expires_s=row.expires_s,
    )
