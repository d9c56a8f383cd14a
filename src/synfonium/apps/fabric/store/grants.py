"""The table of grants: the only source of authority between apps."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    bindparam,
    false,
    insert,
    literal,
    select,
    update,
)

from synfonium.apps.fabric.contract import Grant, Limits
from synfonium.apps.fabric.model import MOST_PARENTS
from synfonium.apps.fabric.store.tables import metadata
from synfonium.common.ids import GrantId, PersonId

SHOWN = 500

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
    Column("title", String(200), nullable=False),
    Column("origin", String(12), nullable=False),
    Column("parent", String(26), nullable=False),
    Column("until_s", Float, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("since_s", Float, nullable=False),
    Column("used_s", Float, nullable=False),
    Column("revoked_s", Float, nullable=True),
    Column("is_final", Boolean, nullable=False, server_default=false()),
    Column("secret_sha256", LargeBinary(32), nullable=True),
    Index("fabric_grant_person", "person"),
    Index("fabric_grant_subject", "subject"),
    Index("fabric_grant_object", "object"),
    Index("fabric_grant_parent", "parent"),
    Index("fabric_grant_secret", "secret_sha256", unique=True),
    info={
        "personal": {
            "person": "id of who gave it; to decide and to show them; 12 months after it was taken back",
            "label": "their name for what it was given to; to show them; 12 months after it was taken back",
            "title": "what their thing was called then; to show them; 12 months after it was taken back",
        },
        "owner": "person",
        "secrets": ("secret_sha256",),
        "ends": ("revoked_s", 365 * 86_400.0),
    },
)
g = grants.c

# Statements are built once: building one takes longer than running it.
_BY_ID = select(grants).where(g.id == bindparam("id"), g.revoked_s.is_(None))
_BY_SECRET = select(grants).where(g.secret_sha256 == bindparam("digest"), g.revoked_s.is_(None))


def _chain() -> Select[tuple[Any, ...]]:
    up = (
        select(g.id.label("id"), g.parent.label("parent"), literal(0, Integer).label("height"))
        .where(g.id == bindparam("start", type_=String))
        .cte("up", recursive=True)
    )
    above = grants.alias("above")
    step = select(above.c.id, above.c.parent, up.c.height + 1)
    up = up.union_all(step.where(above.c.id == up.c.parent, up.c.height <= MOST_PARENTS))
    return select(grants).join(up, up.c.id == g.id).order_by(up.c.height)


_CHAIN = _chain()


def add(connection: Connection, grant: Grant) -> None:
    row = {
        "id": grant.id,
        "person": grant.person,
        "app": grant.app,
        "subject": grant.subject,
        "object": grant.object,
        "actions": " ".join(sorted(grant.actions)),
        "label": grant.label,
        "title": grant.title,
        "origin": grant.origin,
        "parent": grant.parent,
        "until_s": grant.limits.until_s,
        "uses": grant.limits.uses,
        "since_s": grant.since_s,
        "used_s": 0.0,
    }
    connection.execute(insert(grants), [row])


def in_force(connection: Connection, grant: GrantId) -> Grant | None:
    """One that was not taken back; its limits and its parents are for the caller to look at."""
    row = connection.execute(_BY_ID, {"id": grant}).first()
    return _grant(row) if row else None


def any_state(connection: Connection, grant: GrantId) -> tuple[Grant, ...]:
    """The grant, whether it is in force or was taken back."""
    return tuple(_grant(row) for row in connection.execute(select(grants).where(g.id == grant)))


def chain(connection: Connection, grant: GrantId) -> tuple[Grant, ...]:
    """The grant, then what it was cut from, to the first; empty when one of them was taken back."""
    rows = connection.execute(_CHAIN, {"start": grant}).all()
    if not rows or any(row.revoked_s is not None for row in rows) or rows[-1].parent:
        return ()
    return tuple(_grant(row) for row in rows)


def by_secret(connection: Connection, digest: bytes) -> Grant | None:
    row = connection.execute(_BY_SECRET, {"digest": digest}).first()
    return _grant(row) if row else None


def by_ids(connection: Connection, ids: Sequence[GrantId]) -> Sequence[Grant]:
    """Up to some hundred, in force or not."""
    if not ids:
        return ()
    return [_grant(row) for row in connection.execute(select(grants).where(g.id.in_(ids)))]


def of_person(
    connection: Connection, person: PersonId, *, objects: Sequence[str] = (), limit: int = SHOWN
) -> Sequence[Grant]:
    """Those in force, the newest first; to any of `objects` alone when given."""
    found = select(grants).where(g.person == person, g.revoked_s.is_(None))
    if objects:
        found = found.where(g.object.in_(objects))
    return [_grant(row) for row in connection.execute(found.order_by(g.id.desc()).limit(limit))]


def origin_of(connection: Connection, grant: GrantId) -> Sequence[tuple[Grant, float]]:
    """The grant, then what it was cut from, to the first; each with when it was taken back, or 0.0."""
    rows = connection.execute(_CHAIN, {"start": grant}).all()
    return [(_grant(row), row.revoked_s or 0.0) for row in rows]


def ended_of_person(
    connection: Connection, person: PersonId, since_s: float
) -> Sequence[tuple[Grant, float]]:
    """Those taken back after `since_s`, and when; the latest first."""
    found = select(grants).where(g.person == person, g.revoked_s >= since_s, g.is_final.is_(False))
    rows = connection.execute(found.order_by(g.revoked_s.desc()).limit(SHOWN))
    return [(_grant(row), row.revoked_s) for row in rows]


def ended(connection: Connection, grant: GrantId) -> tuple[Grant, float] | None:
    """One that can be given back, and when it was taken."""
    found = select(grants).where(g.id == grant, g.revoked_s.is_not(None), g.is_final.is_(False))
    row = connection.execute(found).first()
    return (_grant(row), row.revoked_s) if row else None


def below(connection: Connection, parents: Sequence[GrantId]) -> Sequence[Grant]:
    """What was cut from these, and from that, and so on."""
    found: list[Grant] = []
    for _generation in range(MOST_PARENTS + 1):
        if not parents:
            break
        cut = select(grants).where(g.parent.in_(parents), g.revoked_s.is_(None)).limit(10_000)
        children = [_grant(row) for row in connection.execute(cut)]
        found += children
        parents = [child.id for child in children]
    return found


def of_subject(connection: Connection, subject: str) -> Sequence[Grant]:
    found = select(grants).where(g.subject == subject, g.revoked_s.is_(None))
    return [_grant(row) for row in connection.execute(found.order_by(g.id).limit(100))]


def of_app(connection: Connection, app: str, person: PersonId | None = None) -> Sequence[Grant]:
    """What an app was given, by one person or by all."""
    found = select(grants).where(g.app == app, g.revoked_s.is_(None))
    if person is not None:
        found = found.where(g.person == person)
    return [_grant(row) for row in connection.execute(found.order_by(g.id).limit(10_000))]


def with_secret(connection: Connection, app: str) -> frozenset[str]:
    """Those of an app that have a secret."""
    found = select(g.id).where(g.app == app, g.revoked_s.is_(None), g.secret_sha256.is_not(None))
    return frozenset(row.id for row in connection.execute(found.limit(10_000)))


def on_objects(connection: Connection, objects: Sequence[str]) -> Sequence[Grant]:
    """Those in force to any of up to some hundred objects."""
    found = select(grants).where(g.object.in_(objects), g.revoked_s.is_(None))
    return [_grant(row) for row in connection.execute(found)]


def twin(connection: Connection, grant: Grant) -> Grant | None:
    """The grant in force that says the same already, so that a double click gives once."""
    found = select(grants).where(
        g.person == grant.person,
        g.subject == grant.subject,
        g.object == grant.object,
        g.actions == " ".join(sorted(grant.actions)),
        g.until_s == grant.limits.until_s,
        g.uses == grant.limits.uses,
        g.parent == grant.parent,
        g.revoked_s.is_(None),
    )
    row = connection.execute(found).first()
    return _grant(row) if row else None


def revoke(connection: Connection, grant: GrantId, now_s: float, *, is_final: bool = False) -> None:
    """Ends it at once, its secret too; the row stays for the person to see."""
    ended = {"revoked_s": now_s, "secret_sha256": None, "is_final": is_final}
    connection.execute(update(grants).where(g.id == grant).values(ended))


def restore(connection: Connection, grant: GrantId) -> None:
    connection.execute(update(grants).where(g.id == grant).values(revoked_s=None))


def set_secret(connection: Connection, grant: GrantId, digest: bytes) -> None:
    connection.execute(update(grants).where(g.id == grant).values(secret_sha256=digest))


def use(connection: Connection, ids: Sequence[GrantId]) -> bool:
    """Counts one use of each that counts uses; whether all had one left."""
    counted = select(g.id, g.uses).where(g.id.in_(ids), g.uses >= 0).with_for_update()
    rows = connection.execute(counted).all()
    if any(row.uses == 0 for row in rows):
        return False
    connection.execute(update(grants).where(g.id.in_([row.id for row in rows])).values(uses=g.uses - 1))
    return True


def _grant(row: Row[tuple[object, ...]]) -> Grant:
    return Grant(
        id=row.id,
        person=row.person,
        app=row.app,
        subject=row.subject,
        object=row.object,
        actions=frozenset(row.actions.split()),
        limits=Limits(until_s=row.until_s, uses=row.uses),
        origin=row.origin,
        parent=row.parent,
        title=row.title,
        label=row.label,
        since_s=row.since_s,
        used_s=row.used_s,
    )
