"""Rows of `notifications_push`, `notifications_waiting` and `notifications_vapid`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, delete, func, insert, select, update

from synfonium.apps.notifications.model.device import Device
from synfonium.apps.notifications.store.tables import DAY_S, pushes, vapids, waiting

TEST = ""
"""Stands as the item of a test message."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message for one device. item: "" for a test; is_held: it waited for quiet hours to end."""

    id: str
    item: str
    urgency: str
    is_held: bool


# Devices


def add(connection: Connection, device: Device, place: bytes) -> None:
    values = {name: getattr(device, name) for name in device.__struct_fields__}
    connection.execute(insert(pushes).values(**values, place=place, alive_s=device.created_s))


def of_person(connection: Connection, person: str) -> Sequence[Device]:
    asked = select(pushes).where(pushes.c.person == person).order_by(pushes.c.created_s)
    return [_device(row) for row in connection.execute(asked.limit(100))]


def awake(connection: Connection, person: str) -> Sequence[str]:
    """Ids of the devices that are told."""
    asked = select(pushes.c.id).where(pushes.c.person == person, pushes.c.session != "")
    return list(connection.execute(asked).scalars())


def at(connection: Connection, place: bytes) -> Device | None:
    row = connection.execute(select(pushes).where(pushes.c.place == place)).first()
    return _device(row) if row else None


def one(connection: Connection, device: str) -> Device | None:
    row = connection.execute(select(pushes).where(pushes.c.id == device)).first()
    return _device(row) if row else None


def change(connection: Connection, device: str, **values: Any) -> None:
    connection.execute(update(pushes).where(pushes.c.id == device).values(**values))


def remove(connection: Connection, device: str, person: str = "") -> bool:
    """With what waits for it. person: only if it is theirs. Whether it was there."""
    mine = pushes.c.id == device
    if person:
        mine &= pushes.c.person == person
    if not connection.execute(delete(pushes).where(mine)).rowcount:
        return False
    connection.execute(delete(waiting).where(waiting.c.push == device))
    return True


def put_to_sleep(connection: Connection, session: str) -> int:
    """Devices of a session that has ended are told nothing; how many."""
    if not session:
        return 0
    mine = select(pushes.c.id).where(pushes.c.session == session)
    connection.execute(delete(waiting).where(waiting.c.push.in_(mine)))
    return connection.execute(update(pushes).where(pushes.c.session == session).values(session="")).rowcount


# What waits


def queue(
    connection: Connection,
    person: str,
    rows: Sequence[tuple[str, str]],
    *,
    item: str,
    urgency: str,
    due_s: float,
    is_held: bool,
    ends_s: float,
) -> None:
    """rows: fresh id and device. What waits there for the same item already is told once."""
    devices = [device for _id, device in rows]
    connection.execute(delete(waiting).where(waiting.c.push.in_(devices), waiting.c.item == item))
    times = {"due_s": due_s, "is_held": is_held, "ends_s": ends_s}
    values = {"person": person, "item": item, "urgency": urgency, **times}
    if rows:
        connection.execute(insert(waiting), [{**values, "id": id_, "push": device} for id_, device in rows])


def due_devices(connection: Connection, now_s: float, limit: int) -> Sequence[str]:
    """Devices with something due that need not be left alone, who waits longest first."""
    asked = (
        select(waiting.c.push)
        .join(pushes, pushes.c.id == waiting.c.push)
        .where(waiting.c.due_s <= now_s, waiting.c.ends_s > now_s, pushes.c.waits_s <= now_s)
        .group_by(waiting.c.push)
        .order_by(func.min(waiting.c.due_s))
        .limit(limit)
    )
    return list(connection.execute(asked).scalars())


def due(connection: Connection, device: str, now_s: float, limit: int) -> Sequence[Waiting]:
    asked = select(waiting).where(
        waiting.c.push == device, waiting.c.due_s <= now_s, waiting.c.ends_s > now_s
    )
    found = connection.execute(asked.order_by(waiting.c.due_s, waiting.c.id).limit(limit))
    return [
        Waiting(id=row.id, item=row.item, urgency=row.urgency, is_held=bool(row.is_held)) for row in found
    ]


def next_s(connection: Connection, now_s: float) -> float | None:
    """When something is due next."""
    later = case((waiting.c.due_s > pushes.c.waits_s, waiting.c.due_s), else_=pushes.c.waits_s)
    asked = select(func.min(later)).join(pushes, pushes.c.id == waiting.c.push)
    found = connection.execute(asked.where(waiting.c.ends_s > now_s)).scalar()
    return None if found is None else float(found)


def sent(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(waiting).where(waiting.c.id.in_(ids)))


def hold(connection: Connection, person: str, until_s: float | None, now_s: float) -> None:
    """What waits follows quiet hours that were changed. until_s: their end, None when it is not quiet."""
    mine = (waiting.c.person == person) & waiting.c.is_held
    if until_s is None:
        connection.execute(update(waiting).where(mine).values(due_s=now_s))
    else:
        connection.execute(update(waiting).where(mine).values(due_s=until_s, ends_s=until_s + DAY_S))


# The sender's key


def vapid(connection: Connection) -> bytes | None:
    found = connection.execute(select(vapids.c.sealed).where(vapids.c.id == 1)).scalar()
    return None if found is None else bytes(found)


def keep_vapid(connection: Connection, sealed: bytes, now_s: float) -> bytes:
    """The one that is kept: the first that was made."""
    there = vapid(connection)
    if there is None:
        connection.execute(insert(vapids).values(id=1, sealed=sealed, made_s=now_s))
    return there or sealed


def _device(row: Row[Any]) -> Device:
    return Device(**{name: getattr(row, name) for name in Device.__struct_fields__})
