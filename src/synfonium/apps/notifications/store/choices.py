"""Rows of `notifications_choice` and `notifications_topic`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from synfonium.apps.notifications.model.notice import MOST_TOPICS, Choice
from synfonium.apps.notifications.model.quiet import Quiet
from synfonium.apps.notifications.store.tables import choices, topics

MOST_SHOWN = 500


def quiet_of(connection: Connection, person: str) -> Quiet | None:
    """None for a person who has not chosen."""
    row = connection.execute(select(choices).where(choices.c.person == person)).first()
    if row is None:
        return None
    return Quiet(
        is_on=row.is_on,
        from_min=row.from_min,
        to_min=row.to_min,
        days=frozenset(int(day) for day in row.days if day.isdigit()),
        zone=row.zone,
        lets_high=row.lets_high,
    )


def set_quiet(connection: Connection, person: str, quiet: Quiet) -> None:
    values: dict[str, Any] = {name: getattr(quiet, name) for name in quiet.__struct_fields__}
    values["days"] = "".join(str(day) for day in sorted(quiet.days))
    if not connection.execute(update(choices).where(choices.c.person == person).values(**values)).rowcount:
        connection.execute(insert(choices).values(person=person, **values))


def of_person(connection: Connection, person: str) -> Sequence[Choice]:
    """Apps that have told the person something, each before its topics."""
    asked = select(topics).where(topics.c.person == person).order_by(topics.c.app, topics.c.topic)
    return [
        Choice(app=row.app, topic=row.topic, title=row.title, way=row.way)
        for row in connection.execute(asked.limit(MOST_SHOWN))
    ]


def ways(connection: Connection, person: str, app: str, topic: str) -> tuple[str, str]:
    """What the person chose for the app and for the topic."""
    mine = (topics.c.person == person) & (topics.c.app == app) & topics.c.topic.in_(("", topic))
    found = {
        row.topic: row.way for row in connection.execute(select(topics.c.topic, topics.c.way).where(mine))
    }
    return found.get("", ""), found.get(topic, "")


def note(connection: Connection, person: str, app: str, topic: str, title: str) -> None:
    """Remembers that there is such a topic, so that it can be silenced; at most twenty of an app."""
    mine = (topics.c.person == person) & (topics.c.app == app)
    known = {
        row.topic: row.title for row in connection.execute(select(topics.c.topic, topics.c.title).where(mine))
    }
    if "" not in known:
        connection.execute(insert(topics).values(person=person, app=app, topic="", title="", way=""))
    if topic in known:
        if title and known[topic] != title:
            connection.execute(update(topics).where(mine, topics.c.topic == topic).values(title=title))
    elif len(known) <= MOST_TOPICS:
        connection.execute(insert(topics).values(person=person, app=app, topic=topic, title=title, way=""))


def choose(connection: Connection, person: str, app: str, topic: str, way: str) -> bool:
    """Whether there was such an app or topic."""
    mine = (topics.c.person == person) & (topics.c.app == app) & (topics.c.topic == topic)
    return bool(connection.execute(update(topics).where(mine).values(way=way)).rowcount)
