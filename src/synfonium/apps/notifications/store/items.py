"""Rows of `notifications_item` and `notifications_tally`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from synfonium.apps.notifications.model.notice import Item
from synfonium.apps.notifications.store.tables import items, tallies, waiting
from synfonium.apps.shell.contract import Words

MOST_COUNTED = 1000


def add(connection: Connection, item: Item) -> None:
    connection.execute(insert(items).values(**_values(item)))


def change(connection: Connection, item: Item) -> None:
    connection.execute(update(items).where(items.c.id == item.id).values(**_values(item)))


def by_key(connection: Connection, person: str, app: str, key: str) -> Item | None:
    """The newest with that key."""
    asked = select(items).where(items.c.person == person, items.c.app == app, items.c.key == key)
    row = connection.execute(asked.order_by(items.c.time_s.desc()).limit(1)).first()
    return _item(row) if row else None


def of_person(
    connection: Connection, person: str, limit: int, before: tuple[float, str] | None = None
) -> Sequence[Item]:
    """The newest first, older than `before` (time and id of an item)."""
    asked = select(items).where(items.c.person == person)
    if before is not None:
        time_s, id_ = before
        asked = asked.where(or_(items.c.time_s < time_s, and_(items.c.time_s == time_s, items.c.id < id_)))
    found = asked.order_by(items.c.time_s.desc(), items.c.id.desc()).limit(limit)
    return [_item(row) for row in connection.execute(found)]


def one(connection: Connection, person: str, id_: str) -> Item | None:
    row = connection.execute(select(items).where(items.c.id == id_, items.c.person == person)).first()
    return _item(row) if row else None


def unread(connection: Connection, person: str) -> int:
    """How many count as unread; at most a thousand."""
    found = select(items.c.id).where(
        items.c.person == person, items.c.read_s == 0.0, items.c.is_silent.is_(False)
    )
    counted = select(func.count()).select_from(found.limit(MOST_COUNTED).subquery())
    return int(connection.execute(counted).scalar_one())


def read(connection: Connection, person: str, now_s: float, id_: str = "") -> bool:
    """Marks one, or all that came until now, and tells no device of them any more."""
    mine = (items.c.person == person) & (items.c.id == id_ if id_ else items.c.time_s <= now_s)
    if id_:
        connection.execute(delete(waiting).where(waiting.c.person == person, waiting.c.item == id_))
    else:
        connection.execute(delete(waiting).where(waiting.c.person == person, waiting.c.item != ""))
    changed = connection.execute(update(items).where(mine, items.c.read_s == 0.0).values(read_s=now_s))
    return bool(changed.rowcount)


def silence(connection: Connection, person: str, app: str, topic: str) -> None:
    """What is there of an app or topic counts as unread no more."""
    mine = (items.c.person == person) & (items.c.app == app)
    if topic:
        mine &= items.c.topic == topic
    connection.execute(
        delete(waiting).where(waiting.c.item.in_(select(items.c.id).where(mine, items.c.read_s == 0.0)))
    )
    connection.execute(update(items).where(mine).values(is_silent=True))


def tally(connection: Connection, person: str, app: str, day_s: float) -> tuple[int, int]:
    """How many of the day were told, and how many refused."""
    mine = (tallies.c.person == person) & (tallies.c.app == app) & (tallies.c.day_s == day_s)
    row = connection.execute(select(tallies.c.told, tallies.c.refused).where(mine)).first()
    return (int(row.told), int(row.refused)) if row else (0, 0)


def count(connection: Connection, person: str, app: str, day_s: float, *, is_told: bool) -> None:
    told, refused = tally(connection, person, app, day_s)
    mine = (tallies.c.person == person) & (tallies.c.app == app) & (tallies.c.day_s == day_s)
    after = {"told": told + is_told, "refused": refused + (not is_told)}
    if not connection.execute(update(tallies).where(mine).values(**after)).rowcount:
        connection.execute(insert(tallies).values(person=person, app=app, day_s=day_s, **after))


def refused(connection: Connection, person: str, day_s: float) -> Sequence[tuple[str, int]]:
    """Apps that told too much in the day, and how much more."""
    mine = (tallies.c.person == person) & (tallies.c.day_s == day_s) & (tallies.c.refused > 0)
    asked = select(tallies.c.app, tallies.c.refused).where(mine).order_by(tallies.c.app)
    return [(row.app, int(row.refused)) for row in connection.execute(asked.limit(50))]


def _values(item: Item) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in item.__struct_fields__}
    body = msgspec.json.encode(item.body).decode() if item.body else ""
    return {**values, "title": msgspec.json.encode(item.title).decode(), "body": body}


def _item(row: Row[Any]) -> Item:
    plain = {
        name: getattr(row, name) for name in Item.__struct_fields__ if name not in ("title", "body", "count")
    }
    return Item(
        **plain,
        count=int(row._mapping["count"]),
        title=msgspec.json.decode(row.title, type=Words),
        body=msgspec.json.decode(row.body, type=Words) if row.body else None,
    )
