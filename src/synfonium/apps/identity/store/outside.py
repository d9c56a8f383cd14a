"""Rows of outside sources, of accounts bound to them, and of sessions that came from them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from synfonium.apps.identity.model.outside import Binding, DirectorySettings, OpenIdSettings, Source
from synfonium.apps.identity.store.tables import metadata, sessions
from synfonium.common.ids import PersonId

_UNLINKED = "until it is unlinked or the account is erased"

sources = Table(
    "identity_outside_source",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("label", String(60), nullable=False),
    Column("settings", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("created_s", Float, nullable=False),
    info={"personal": {}},
)

bindings = Table(
    "identity_outside_account",
    metadata,
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("source", String(32), nullable=False),
    Column("person", String(26), nullable=False),
    Column("display", String(80), nullable=False),
    Column("groups", Text, nullable=False),
    Column("bound_s", Float, nullable=False),
    Column("last_used_s", Float),
    Index("identity_outside_account_person", "person"),
    info={
        "owner": "person",
        "personal": {
            "person": f"whose account it is; to let its owner in; {_UNLINKED}",
            "subject": f"the account's identifier at the outside source; the same; {_UNLINKED}",
            "display": f"what the source calls the person; to follow a change of name there; {_UNLINKED}",
            "groups": f"groups the source names; to give their rights; {_UNLINKED}",
            "last_used_s": f"time of last sign-in by it; so that a person sees strangers; {_UNLINKED}",
        },
    },
)

outside_sessions = Table(
    "identity_outside_session",
    metadata,
    Column("session", String(26), primary_key=True),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("sid", String(255), nullable=False),
    Index("identity_outside_session_subject", "subject"),
    info={
        "personal": {
            "session": "the session that began there; to end it when it ends there; until the session ends",
            "subject": "the account's identifier at the outside source; the same; until the session ends",
        },
        "owner": ("session", "identity_session.id"),
        "orphans_go": True,
    },
)


def add_source(connection: Connection, source: Source) -> None:
    connection.execute(insert(sources), [_source_row(source)])


def change_source(connection: Connection, source: Source) -> bool:
    change = update(sources).where(sources.c.id == source.id).values(**_source_row(source))
    return connection.execute(change).rowcount == 1


def remove_source(connection: Connection, source_id: str) -> bool:
    """With the bindings to it."""
    connection.execute(delete(bindings).where(bindings.c.source == source_id))
    return connection.execute(delete(sources).where(sources.c.id == source_id)).rowcount == 1


def source_by_id(connection: Connection, source_id: str) -> Source | None:
    row = connection.execute(select(sources).where(sources.c.id == source_id)).first()
    return None if row is None else _source(row)


def all_sources(connection: Connection) -> Sequence[Source]:
    rows = connection.execute(select(sources).order_by(sources.c.created_s, sources.c.id))
    return [_source(row) for row in rows]


def _source_row(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        "label": source.label,
        "settings": msgspec.json.encode(source.settings).decode(),
        "secret": source.secret,
        "is_open": source.is_open,
        "created_s": source.created_s,
    }


def _source(row: Row[Any]) -> Source:
    return Source(
        id=row.id,
        label=row.label,
        settings=msgspec.json.decode(row.settings, type=OpenIdSettings | DirectorySettings),
        secret=bytes(row.secret),
        is_open=bool(row.is_open),
        created_s=row.created_s,
    )


def add_binding(connection: Connection, binding: Binding) -> None:
    row = {
        "issuer": binding.issuer,
        "subject": binding.subject,
        "source": binding.source,
        "person": binding.person_id,
        "display": binding.display,
        "groups": msgspec.json.encode(binding.groups).decode(),
        "bound_s": binding.bound_s,
        "last_used_s": binding.last_used_s,
    }
    connection.execute(insert(bindings), [row])


def binding_of(connection: Connection, issuer: str, subject: str) -> Binding | None:
    same = (bindings.c.issuer == issuer) & (bindings.c.subject == subject)
    row = connection.execute(select(bindings).where(same)).first()
    return None if row is None else _binding(row)


def bindings_of(connection: Connection, person_id: str) -> Sequence[Binding]:
    mine = bindings.c.person == person_id
    rows = connection.execute(select(bindings).where(mine).order_by(bindings.c.bound_s))
    return [_binding(row) for row in rows]


def bindings_at(connection: Connection, source_id: str) -> Sequence[Binding]:
    rows = connection.execute(select(bindings).where(bindings.c.source == source_id))
    return [_binding(row) for row in rows]


def use_binding(connection: Connection, binding: Binding) -> None:
    """Writes what was said last, and when."""
    same = (bindings.c.issuer == binding.issuer) & (bindings.c.subject == binding.subject)
    values = {
        "last_used_s": binding.last_used_s,
        "display": binding.display,
        "groups": msgspec.json.encode(binding.groups).decode(),
    }
    connection.execute(update(bindings).where(same).values(**values))


def remove_binding(connection: Connection, person_id: str, issuer: str, subject: str) -> bool:
    mine = (bindings.c.person == person_id) & (bindings.c.issuer == issuer) & (bindings.c.subject == subject)
    return connection.execute(delete(bindings).where(mine)).rowcount == 1


def _binding(row: Row[Any]) -> Binding:
    return Binding(
        source=row.source,
        issuer=row.issuer,
        subject=row.subject,
        person_id=PersonId(row.person),
        display=row.display,
        groups=msgspec.json.decode(row.groups, type=tuple[str, ...]),
        bound_s=row.bound_s,
        last_used_s=row.last_used_s,
    )


def add_outside_session(connection: Connection, session_id: str, issuer: str, subject: str, sid: str) -> None:
    row = {"session": session_id, "issuer": issuer, "subject": subject, "sid": sid}
    connection.execute(insert(outside_sessions), [row])


def take_outside_sessions(
    connection: Connection, issuer: str, *, subject: str = "", sid: str = ""
) -> Sequence[str]:
    """Ids of the sessions that came from an account or a session there, known no longer."""
    if not (subject or sid):
        return []
    same = outside_sessions.c.issuer == issuer
    if subject:
        same &= outside_sessions.c.subject == subject
    if sid:
        same &= outside_sessions.c.sid == sid
    ended = delete(outside_sessions).where(same).returning(outside_sessions.c.session)
    return list(connection.execute(ended).scalars())


def forget_ended(connection: Connection) -> None:
    """Rows of sessions that are no more."""
    alive = select(sessions.c.id)
    connection.execute(delete(outside_sessions).where(outside_sessions.c.session.not_in(alive)))
