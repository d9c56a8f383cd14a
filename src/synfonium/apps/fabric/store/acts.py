"""Which acts were done under which key, so that one that is sent again is not done again."""

from collections.abc import Mapping

from sqlalchemy import (
    Column,
    Connection,
    Float,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import PersonId

KEPT_S = 86_400.0
MOST_KEPT = 1_000

acts = Table(
    "fabric_act",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("caller", String(30), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("request_hash", LargeBinary(32), nullable=False),
    Column("answer", Text, nullable=True),
    Column("time_s", Float, nullable=False),
    info={
        "personal": {
            "person": "id of the person; whose actions these are; a day",
            "answer": "what an action answered; given again when it is sent again; a day",
        },
        "owner": "person",
        "ends": ("time_s", KEPT_S),
    },
)
a = acts.c


def claim(
    connection: Connection, person: PersonId, caller: str, key: str, request_hash: bytes, now_s: float
) -> tuple[bytes, str | None] | None:
    """None when the key is new and now this act's; else the hash of the act that has it, and its
    answer (None while it is being done)."""
    mine = (a.person == person, a.caller == caller, a.key == key)
    row = connection.execute(select(acts).where(*mine)).first()
    if row is not None and now_s - row.time_s < KEPT_S:
        return bytes(row.request_hash), row.answer
    connection.execute(delete(acts).where(*mine))
    oldest = (
        select(a.time_s).where(a.person == person).order_by(a.time_s.desc()).offset(MOST_KEPT - 1).limit(1)
    )
    last = connection.execute(oldest).scalar()
    if last is not None:
        connection.execute(delete(acts).where(a.person == person, a.time_s <= last))
    values: Mapping[str, object] = {
        "person": person,
        "caller": caller,
        "key": key,
        "request_hash": request_hash,
        "answer": None,
        "time_s": now_s,
    }
    connection.execute(insert(acts), [values])
    return None


def keep(connection: Connection, person: PersonId, caller: str, key: str, answer: str) -> None:
    connection.execute(
        update(acts).where(a.person == person, a.caller == caller, a.key == key).values(answer=answer)
    )


def free(connection: Connection, person: PersonId, caller: str, key: str) -> None:
    """Nothing was done: the key may come again."""
    connection.execute(delete(acts).where(a.person == person, a.caller == caller, a.key == key))
