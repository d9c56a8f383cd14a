"""Notices that people have stopped."""

from sqlalchemy import Column, Connection, Float, String, Table, delete, insert, select

from synfonium.apps.identity.store.tables import metadata

stops = Table(
    "identity_mail_stop",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("topic", String(60), primary_key=True),
    Column("stopped_s", Float, nullable=False),
    info={
        "personal": {
            "person": "who stopped it; so that nothing of it is sent; until started again or erased",
            "topic": "what they no longer want letters about; the same; until started again or erased",
        },
        "owner": "person",
    },
)


def stopped_by(connection: Connection, person_id: str) -> frozenset[str]:
    """Topics that the person has stopped."""
    return frozenset(connection.execute(select(stops.c.topic).where(stops.c.person == person_id)).scalars())


def stop(connection: Connection, person_id: str, topic: str, now_s: float) -> bool:
    """Whether it was not stopped before."""
    if topic in stopped_by(connection, person_id):
        return False
    connection.execute(insert(stops), [{"person": person_id, "topic": topic, "stopped_s": now_s}])
    return True


def start(connection: Connection, person_id: str, topic: str) -> bool:
    """Whether it was stopped before."""
    mine = (stops.c.person == person_id) & (stops.c.topic == topic)
    return connection.execute(delete(stops).where(mine)).rowcount == 1
