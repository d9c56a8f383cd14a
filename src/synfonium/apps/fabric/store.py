"""The table of grants: the only source of authority between apps."""

from collections.abc import Sequence

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    insert,
    select,
)

from synfonium.apps.fabric.contract import Grant
from synfonium.common.ids import GrantId, PersonId
from synfonium.kernel.audit import audit_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox_table("fabric", metadata)
audit_table("fabric", metadata)

grants = Table(
    "fabric_grant",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("app", String(30), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("object", String(200), nullable=False),
    Column("actions", String(60), nullable=False),
    Column("label", String(80), nullable=False),
    Column("since_s", Float, nullable=False),
    Column("used_s", Float, nullable=False),
    Column("revoked_s", Float, nullable=True),
    Column("secret_sha256", LargeBinary(32), nullable=True),
    Index("fabric_grant_person", "person"),
    Index("fabric_grant_subject", "subject"),
    Index("fabric_grant_secret", "secret_sha256", unique=True),
    info={
        "personal": {
            "person": "id of who gave it; to decide and to show them; 12 months after it was taken back",
            "label": "their name for what it was given to; to show them; 12 months after it was taken back",
        },
        "owner": "person",
        "secrets": ("secret_sha256",),
        "ends": ("revoked_s", 365 * 86_400.0),
    },
)

# What is personal in an index of this app, as a table's `info` says it: what; why; until when.
PERSONAL_INDEXES = {
    "mine": "name and text of a person's own things; to find them again; until the thing is gone",
}


def add(connection: Connection, grant: Grant) -> None:
    connection.execute(
        insert(grants),
        [
            {
                "id": grant.id,
                "person": grant.person,
                "app": grant.app,
                "subject": grant.subject,
                "object": grant.object,
                "actions": " ".join(sorted(grant.actions)),
                "label": grant.label,
                "since_s": grant.since_s,
                "used_s": 0.0,
            }
        ],
    )


def in_force(connection: Connection, grant: GrantId) -> Grant | None:
    row = connection.execute(select(grants).where(grants.c.id == grant, grants.c.revoked_s.is_(None))).first()
    return _grant(row) if row else None


def by_secret(connection: Connection, digest: bytes) -> Grant | None:
    found = select(grants).where(grants.c.secret_sha256 == digest, grants.c.revoked_s.is_(None))
    row = connection.execute(found).first()
    return _grant(row) if row else None


def of_person(connection: Connection, person: PersonId) -> Sequence[Grant]:
    """Those in force, the newest first."""
    found = select(grants).where(grants.c.person == person, grants.c.revoked_s.is_(None))
    return [_grant(row) for row in connection.execute(found.order_by(grants.c.id.desc()).limit(500))]


def of_subject(connection: Connection, subject: str) -> Sequence[Grant]:
    found = select(grants).where(grants.c.subject == subject, grants.c.revoked_s.is_(None))
    return [_grant(row) for row in connection.execute(found.order_by(grants.c.id).limit(100))]


def twin(connection: Connection, grant: Grant) -> Grant | None:
    """The grant in force that says the same already, so that a double click gives once."""
    found = select(grants).where(
        grants.c.person == grant.person,
        grants.c.subject == grant.subject,
        grants.c.object == grant.object,
        grants.c.actions == " ".join(sorted(grant.actions)),
        grants.c.revoked_s.is_(None),
    )
    row = connection.execute(found).first()
    return _grant(row) if row else None


def revoke(connection: Connection, grant: GrantId, now_s: float) -> None:
    """Ends it at once, its secret too; the row stays for the person to see."""
    connection.execute(
        grants.update().where(grants.c.id == grant).values(revoked_s=now_s, secret_sha256=None)
    )


def set_secret(connection: Connection, grant: GrantId, digest: bytes) -> None:
    connection.execute(grants.update().where(grants.c.id == grant).values(secret_sha256=digest))


def touch(connection: Connection, grant: GrantId, now_s: float) -> None:
    connection.execute(grants.update().where(grants.c.id == grant).values(used_s=now_s))


def _grant(row: Row[tuple[object, ...]]) -> Grant:
    return Grant(
        id=row.id,
        person=row.person,
        app=row.app,
        subject=row.subject,
        object=row.object,
        actions=frozenset(row.actions.split()),
        label=row.label,
        since_s=row.since_s,
        used_s=row.used_s,
    )
