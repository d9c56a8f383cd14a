"""Rows of what the provider gave out."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, bindparam, delete, exists, insert, select, update

from synfonium.apps.identity.model.oauth.client import Client
from synfonium.apps.identity.model.oauth.issued import Issued, Kind
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.store.oauth.clients import as_client
from synfonium.apps.identity.store.people import as_account
from synfonium.apps.identity.store.tables import clients, issued, people, sessions

TOKENS: tuple[Kind, ...] = ("code", "access", "refresh")
MOST_ENDED = 500

# Made once: building a statement costs several times its execution.
_FIND = select(issued).where((issued.c.hash == bindparam("hashed")) & (issued.c.kind == bindparam("of_kind")))
_FIND_WITH_PERSON: Select[Any] = (
    select(*(column.label(f"issued_{column.name}") for column in issued.c), people)
    .join(people, people.c.id == issued.c.person)
    .where((issued.c.hash == bindparam("hashed")) & (issued.c.kind == bindparam("of_kind")))
)
_FIND_WITH_ALL: Select[Any] = (
    select(
        *(column.label(f"issued_{column.name}") for column in issued.c),
        *(column.label(f"client_{column.name}") for column in clients.c),
        people,
    )
    .join(people, people.c.id == issued.c.person)
    .join(clients, clients.c.id == issued.c.client)
    .where((issued.c.hash == bindparam("hashed")) & (issued.c.kind == bindparam("of_kind")))
)
_USE = (
    update(issued)
    .where((issued.c.hash == bindparam("hashed")) & issued.c.is_used.is_(False))
    .values(is_used=True)
)
_ADD = insert(issued)
_COLUMNS = tuple(column.name for column in issued.c)  # in the order of Issued's fields


def add(connection: Connection, row: Issued) -> None:
    connection.execute(_ADD, [dict(zip(_COLUMNS, msgspec.structs.astuple(row), strict=True))])


def find(connection: Connection, kind: Kind, hashed: str) -> Issued | None:
    row = connection.execute(_FIND, {"hashed": hashed, "of_kind": kind}).first()
    return None if row is None else _issued(row)


def find_with_person(connection: Connection, kind: Kind, hashed: str) -> tuple[Issued, Account] | None:
    row = connection.execute(_FIND_WITH_PERSON, {"hashed": hashed, "of_kind": kind}).first()
    return None if row is None else (_issued(row, "issued_"), as_account(row))


def find_with_all(connection: Connection, kind: Kind, hashed: str) -> tuple[Issued, Account, Client] | None:
    row = connection.execute(_FIND_WITH_ALL, {"hashed": hashed, "of_kind": kind}).first()
    return None if row is None else (_issued(row, "issued_"), as_account(row), as_client(row, "client_"))


def find_in_family(connection: Connection, kind: Kind, family: str) -> Issued | None:
    query = select(issued).where((issued.c.family == family) & (issued.c.kind == kind))
    row = connection.execute(query).first()
    return None if row is None else _issued(row)


def _issued(row: Row[Any], prefix: str = "") -> Issued:
    found = (getattr(row, f"{prefix}{name}") for name in _COLUMNS)
    return msgspec.convert(dict(zip(Issued.__struct_fields__, found, strict=True)), Issued, strict=False)


def use(connection: Connection, hashed: str) -> bool:
    """Whether this is the first use."""
    return connection.execute(_USE, {"hashed": hashed}).rowcount == 1


def change(connection: Connection, hashed: str, **values: Any) -> None:
    connection.execute(update(issued).where(issued.c.hash == hashed).values(**values))


def remove(connection: Connection, hashed: str) -> bool:
    return connection.execute(delete(issued).where(issued.c.hash == hashed)).rowcount == 1


def revoke_family(connection: Connection, family: str) -> None:
    """Takes back all tokens of a family. Its used code stays, so that a replay is known again."""
    mine = (issued.c.family == family) & issued.c.kind.in_(("access", "refresh"))
    connection.execute(delete(issued).where(mine))


# Sessions that ended ------------------------------------------------------------------------


def ended_visits(connection: Connection) -> Sequence[Issued]:
    """Visits (a session that signed in at a client) whose session is no more."""
    is_living = exists().where(sessions.c.id == issued.c.session)
    query = select(issued).where((issued.c.kind == "visit") & ~is_living).limit(MOST_ENDED)
    return [_issued(row) for row in connection.execute(query)]


def end_with_sessions(connection: Connection) -> None:
    """Removes the tokens of sessions that are no more."""
    is_living = exists().where(sessions.c.id == issued.c.session)
    of_session = issued.c.kind.in_(TOKENS) & (issued.c.session != "")
    connection.execute(delete(issued).where(of_session & ~is_living))


def due_logouts(connection: Connection) -> Sequence[Issued]:
    query = select(issued).where(issued.c.kind == "logout").limit(MOST_ENDED)
    return [_issued(row) for row in connection.execute(query)]


def take_back(connection: Connection, person_id: str, client_id: str) -> None:
    """Removes all tokens of a person for a client."""
    mine = (issued.c.person == person_id) & (issued.c.client == client_id) & issued.c.kind.in_(TOKENS)
    connection.execute(delete(issued).where(mine))


def forget_expired(connection: Connection, now_s: float, code_memory_s: float) -> None:
    """Codes are remembered for `code_memory_s` longer, so that a replay still revokes what they gave."""
    is_over = issued.c.expires_s <= now_s
    is_remembered = (issued.c.kind == "code") & (issued.c.expires_s > now_s - code_memory_s)
    connection.execute(delete(issued).where(is_over & ~is_remembered))
