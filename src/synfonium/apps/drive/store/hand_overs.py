"""Whole drives on their way to somebody else: one for each who gives."""

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.drive.model.hand_over import HandOver
from synfonium.apps.drive.store.tables_sharing import hand_overs
from synfonium.common.ids import PersonId

h = hand_overs.c


def of_person(connection: Connection, person: PersonId) -> HandOver | None:
    row = connection.execute(select(hand_overs).where(h.person == person)).first()
    return HandOver(**row._mapping) if row else None


def put(connection: Connection, one: HandOver) -> None:
    """In the place of the one before."""
    forget(connection, one.person)
    connection.execute(insert(hand_overs), msgspec.structs.asdict(one))


def forget(connection: Connection, person: PersonId) -> None:
    connection.execute(delete(hand_overs).where(h.person == person))


def running(connection: Connection, limit: int) -> list[HandOver]:
    """The oldest first."""
    query = select(hand_overs).where(h.state == "running").order_by(h.asked_s, h.id).limit(limit)
    return [HandOver(**row._mapping) for row in connection.execute(query)]


def latest(connection: Connection, limit: int) -> list[HandOver]:
    """The newest first, whatever became of them."""
    query = select(hand_overs).order_by(h.asked_s.desc(), h.id).limit(limit)
    return [HandOver(**row._mapping) for row in connection.execute(query)]


def add_moved(connection: Connection, id_: str, count: int) -> None:
    connection.execute(update(hand_overs).where(h.id == id_).values(moved=h.moved + count))


def end(connection: Connection, one: HandOver) -> bool:
    """Whether it ran until now."""
    ends = update(hand_overs).where(h.id == one.id, h.state == "running")
    return bool(connection.execute(ends.values(state=one.state, why=one.why, ended_s=one.ended_s)).rowcount)
