"""Which app a person usually opens a kind of thing with."""

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import PersonId

defaults = Table(
    "fabric_default",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("intent", String(10), primary_key=True),
    Column("kind", String(200), primary_key=True),
    Column("app", String(30), nullable=False),
    info={
        "personal": {
            "person": "id of who chose it; to open with it again; until they choose another",
            "app": "which app they usually open this with; the same; until they choose another",
        },
        "owner": "person",
    },
)


def default_of(connection: Connection, person: PersonId, intent: str, kind: str) -> str:
    """The app's name; empty when none was chosen."""
    d = defaults.c
    found = select(d.app).where(d.person == person, d.intent == intent, d.kind == kind)
    return connection.execute(found).scalar() or ""


def set_default(connection: Connection, person: PersonId, intent: str, kind: str, app: str) -> None:
    d = defaults.c
    connection.execute(delete(defaults).where(d.person == person, d.intent == intent, d.kind == kind))
    row = {"person": person, "intent": intent, "kind": kind, "app": app}
    connection.execute(insert(defaults), [row])
