"""Passes: an administrator's reasoned leave to look at one person's data for a while."""

from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Row, String, Table, insert, select, update

from synfonium.apps.identity.model.passes import Pass
from synfonium.apps.identity.store.tables import metadata
from synfonium.common.ids import PersonId

MOST_SHOWN = 200

passes = Table(
    "identity_pass",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("administrator", String(26), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("until_s", Float, nullable=False),
    Index("identity_pass_person", "person"),
    info={
        "personal": {
            "person": "whose data may be looked at; so that they see it; 12 months after its end",
            "administrator": "who asked; so that the person sees who looked; 12 months after its end",
            "reason": "why, in the administrator's words; so that the person sees it; 12 months",
        },
        "owner": "person",
        "mentions": ("administrator",),
        "ends": ("until_s", 365 * 86_400.0),
    },
)


def add(connection: Connection, given: Pass) -> None:
    row = {name: getattr(given, name) for name in given.__struct_fields__}
    connection.execute(insert(passes), [row])


def valid(connection: Connection, administrator: str, person: str, now_s: float) -> Pass | None:
    """The pass that holds now, the one that ends last."""
    mine = (passes.c.administrator == administrator) & (passes.c.person == person)
    newest = select(passes).where(mine & (passes.c.until_s > now_s)).order_by(passes.c.until_s.desc())
    row = connection.execute(newest.limit(1)).first()
    return _as_pass(row) if row else None


def end(connection: Connection, administrator: str, person: str, now_s: float) -> bool:
    """Whether there was one to end."""
    mine = (passes.c.administrator == administrator) & (passes.c.person == person)
    return (
        connection.execute(
            update(passes).where(mine & (passes.c.until_s > now_s)).values(until_s=now_s)
        ).rowcount
        > 0
    )


def of_person(connection: Connection, person: str) -> list[Pass]:
    """The newest first."""
    newest = select(passes).where(passes.c.person == person).order_by(passes.c.asked_s.desc())
    return [_as_pass(row) for row in connection.execute(newest.limit(MOST_SHOWN))]


def _as_pass(row: Row[Any]) -> Pass:
    return Pass(
        id=row.id,
        person=PersonId(row.person),
        administrator=PersonId(row.administrator),
        reason=row.reason,
        asked_s=row.asked_s,
        until_s=row.until_s,
    )
