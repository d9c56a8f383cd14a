"""Rows of sessions, passkeys, app tokens and one-time links: what lets people in."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, insert, select, update

from synfonium.apps.identity.model.people import Account, AppToken, Link, LinkKind, Passkey, Session
from synfonium.apps.identity.store.outside import bindings
from synfonium.apps.identity.store.people import as_account
from synfonium.apps.identity.store.tables import links, passkeys, passwords, people, sessions, spent, tokens
from synfonium.common.ids import PersonId, made_s

Ended = Sequence[tuple[str, PersonId]]

# Recognising a credential stands in every request: its statements are made once, since
# building one costs four times its execution (90 µs against 19 µs, measured).
_SESSION: Select[Any] = (
    select(
        sessions.c.id.label("session_id"),
        *(sessions.c[name] for name in ("method", "device", "label", "proved_s", "last_used_s", "expires_s")),
        people,
    )
    .join(people, people.c.id == sessions.c.person)
    .where(sessions.c.hash == bindparam("hashed"))
)
_TOKEN: Select[Any] = (
    select(
        tokens.c.id.label("token_id"),
        tokens.c.created_s.label("token_created_s"),
        *(tokens.c[name] for name in ("label", "scopes", "administers", "last_used_s", "expires_s")),
        people,
    )
    .join(people, people.c.id == tokens.c.person)
    .where(tokens.c.hash == bindparam("hashed"))
)

_ADD_SESSION = insert(sessions)
_PASSKEY = select(passkeys).where(passkeys.c.credential_id == bindparam("credential"))
_USE_PASSKEY = (
    update(passkeys)
    .where((passkeys.c.id == bindparam("passkey")) & (passkeys.c.sign_count == bindparam("before")))
    .values(sign_count=bindparam("now"), last_used_s=bindparam("used_s"))
)
_IS_SPENT = select(spent.c.hash).where(spent.c.hash == bindparam("hashed"))
_SPEND = insert(spent)


# Sessions -----------------------------------------------------------------------------


def add_session(connection: Connection, session: Session, hashed: str) -> None:
    row = {
        "id": session.id,
        "person": session.person_id,
        "hash": hashed,
        "method": session.method,
        "device": session.device,
        "label": session.label,
        "proved_s": session.proved_s,
        "last_used_s": session.last_used_s,
        "expires_s": session.expires_s,
    }
    connection.execute(_ADD_SESSION, [row])


def session_by_hash(connection: Connection, hashed: str) -> tuple[Session, Account] | None:
    row = connection.execute(_SESSION, {"hashed": hashed}).first()
    return None if row is None else (_session(row, row.session_id, row.id), as_account(row))


def sessions_of(connection: Connection, person_id: str, now_s: float) -> Sequence[Session]:
    mine = (sessions.c.person == person_id) & (sessions.c.expires_s > now_s)
    rows = connection.execute(select(sessions).where(mine).order_by(sessions.c.last_used_s.desc()))
    return [_session(row, row.id, row.person) for row in rows]


# Each of these tells which sessions ended, as (session, person): service.sessions announces
# them, and nothing else calls these.


def end_session(connection: Connection, person_id: str, session_id: str) -> Ended:
    return _end(connection, (sessions.c.person == person_id) & (sessions.c.id == session_id))


def end_session_by_hash(connection: Connection, hashed: str) -> Ended:
    return _end(connection, sessions.c.hash == hashed)


def rename_session(connection: Connection, person_id: str, session_id: str, label: str) -> bool:
    mine = (sessions.c.person == person_id) & (sessions.c.id == session_id)
    return connection.execute(update(sessions).where(mine).values(label=label)).rowcount == 1


def rename_token(connection: Connection, person_id: str, token_id: str, label: str) -> bool:
    mine = (tokens.c.person == person_id) & (tokens.c.id == token_id)
    return connection.execute(update(tokens).where(mine).values(label=label)).rowcount == 1


def end_sessions(connection: Connection, person_id: str, *, but: str = "") -> Ended:
    """Ends a person's sessions, except that of id `but`."""
    return _end(connection, (sessions.c.person == person_id) & (sessions.c.id != but))


def end_sessions_called(connection: Connection, ids: Sequence[str]) -> Ended:
    return _end(connection, sessions.c.id.in_(ids))


def end_expired_sessions(connection: Connection, now_s: float) -> Ended:
    return _end(connection, sessions.c.expires_s <= now_s)


def _end(connection: Connection, which: ColumnElement[bool]) -> Ended:
    ended = connection.execute(delete(sessions).where(which).returning(sessions.c.id, sessions.c.person))
    return [(row.id, PersonId(row.person)) for row in ended]


def prove_session(
    connection: Connection, person_id: str, hashed: str, now_s: float, **change: str
) -> Session | None:
    """Notes a proof in the session with that hash and changes it; None when it is not this person's."""
    mine = (sessions.c.person == person_id) & (sessions.c.hash == hashed)
    change_of = update(sessions).where(mine).values(proved_s=now_s, **change).returning(sessions)
    row = connection.execute(change_of).first()
    return None if row is None else _session(row, row.id, row.person)


def _session(row: Row[Any], session_id: str, person_id: str) -> Session:
    return Session(
        id=session_id,
        person_id=PersonId(person_id),
        method=row.method,
        device=row.device,
        label=row.label,
        created_s=made_s(session_id),
        proved_s=row.proved_s,
        last_used_s=row.last_used_s,
        expires_s=row.expires_s,
    )


# Passkeys -----------------------------------------------------------------------------


def add_passkey(connection: Connection, passkey: Passkey, public_key: bytes, sign_count: int) -> None:
    row = {
        "id": passkey.id,
        "person": passkey.person_id,
        "credential_id": passkey.credential_id,
        "public_key": public_key,
        "sign_count": sign_count,
        "label": passkey.label,
        "created_s": passkey.created_s,
        "last_used_s": passkey.last_used_s,
    }
    connection.execute(insert(passkeys), [row])


def passkey_by_credential(connection: Connection, credential_id: bytes) -> tuple[Passkey, bytes, int] | None:
    """The passkey, its COSE public key and its last signature count."""
    row = connection.execute(_PASSKEY, {"credential": credential_id}).first()
    return None if row is None else (_passkey(row), bytes(row.public_key), int(row.sign_count))


def passkeys_of(connection: Connection, person_id: str) -> Sequence[Passkey]:
    mine = passkeys.c.person == person_id
    return [_passkey(row) for row in connection.execute(select(passkeys).where(mine).order_by(passkeys.c.id))]


def use_passkey(connection: Connection, passkey_id: str, before: int, sign_count: int, now_s: float) -> bool:
    """Records a use; False when another use came in between or the passkey is gone."""
    change = {"passkey": passkey_id, "before": before, "now": sign_count, "used_s": now_s}
    return connection.execute(_USE_PASSKEY, change).rowcount == 1


def rename_passkey(connection: Connection, person_id: str, passkey_id: str, label: str) -> bool:
    mine = (passkeys.c.person == person_id) & (passkeys.c.id == passkey_id)
    return connection.execute(update(passkeys).where(mine).values(label=label)).rowcount == 1


def remove_passkey(connection: Connection, person_id: str, passkey_id: str) -> bool:
    mine = (passkeys.c.person == person_id) & (passkeys.c.id == passkey_id)
    return connection.execute(delete(passkeys).where(mine)).rowcount == 1


def ways_in(connection: Connection, person_id: str) -> int:
    """How many passkeys, passwords and linked accounts a person has."""
    keys = select(func.count()).select_from(passkeys).where(passkeys.c.person == person_id)
    words = select(func.count()).select_from(passwords).where(passwords.c.person == person_id)
    outside = select(func.count()).select_from(bindings).where(bindings.c.person == person_id)
    return sum(int(connection.execute(count).scalar_one()) for count in (keys, words, outside))


def people_with_passkey(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    """Those of `ids` who have one."""
    some = passkeys.c.person.in_(ids)
    return frozenset(connection.execute(select(passkeys.c.person).where(some).distinct()).scalars())


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        id=row.id,
        person_id=PersonId(row.person),
        credential_id=bytes(row.credential_id),
        label=row.label,
        created_s=row.created_s,
        last_used_s=row.last_used_s,
    )


# App tokens ---------------------------------------------------------------------------


def add_token(connection: Connection, token: AppToken, hashed: str) -> None:
    row = {
        "id": token.id,
        "person": token.person_id,
        "hash": hashed,
        "label": token.label,
        "scopes": " ".join(token.scopes),
        "administers": token.administers,
        "created_s": token.created_s,
        "last_used_s": token.last_used_s,
        "expires_s": token.expires_s,
    }
    connection.execute(insert(tokens), [row])


def token_by_hash(connection: Connection, hashed: str) -> tuple[AppToken, Account] | None:
    row = connection.execute(_TOKEN, {"hashed": hashed}).first()
    if row is None:
        return None
    return _token(row, row.token_id, row.id, row.token_created_s), as_account(row)


def tokens_of(connection: Connection, person_id: str) -> Sequence[AppToken]:
    rows = connection.execute(select(tokens).where(tokens.c.person == person_id).order_by(tokens.c.id))
    return [_token(row, row.id, row.person, row.created_s) for row in rows]


def remove_token(connection: Connection, person_id: str, token_id: str) -> bool:
    mine = (tokens.c.person == person_id) & (tokens.c.id == token_id)
    return connection.execute(delete(tokens).where(mine)).rowcount == 1


def _token(row: Row[Any], token_id: str, person_id: str, created_s: float) -> AppToken:
    return AppToken(
        id=token_id,
        person_id=PersonId(person_id),
        label=row.label,
        scopes=tuple(row.scopes.split()),
        created_s=created_s,
        last_used_s=row.last_used_s,
        expires_s=row.expires_s,
        administers=bool(row.administers),
    )


def mark_used(
    connection: Connection, session_uses: Mapping[str, float], token_uses: Mapping[str, float]
) -> None:
    """Sets when sessions and tokens (by id) were last used."""
    for table, uses in ((sessions, session_uses), (tokens, token_uses)):
        for key, used_s in uses.items():
            connection.execute(update(table).where(table.c.id == key).values(last_used_s=used_s))


# One-time links and challenges ----------------------------------------------------------


def add_link(connection: Connection, link: Link, hashed: str) -> None:
    row = {"hash": hashed, "kind": link.kind, "person": link.person_id, "expires_s": link.expires_s}
    connection.execute(insert(links), [row])


def link_by_hash(connection: Connection, hashed: str) -> Link | None:
    row = connection.execute(select(links).where(links.c.hash == hashed)).first()
    if row is None:
        return None
    return Link(kind=row.kind, person_id=PersonId(row.person), expires_s=row.expires_s)


def take_link(connection: Connection, hashed: str) -> bool:
    """Removes the link; False when somebody was quicker."""
    return connection.execute(delete(links).where(links.c.hash == hashed)).rowcount == 1


def remove_links(connection: Connection, kind: LinkKind, person_id: str) -> None:
    connection.execute(delete(links).where((links.c.kind == kind) & (links.c.person == person_id)))


def is_spent(connection: Connection, hashed: str) -> bool:
    return connection.execute(_IS_SPENT, {"hashed": hashed}).first() is not None


def spend(connection: Connection, hashed: str, until_s: float) -> bool:
    """Whether this is the first time; False for a replay."""
    if is_spent(connection, hashed):
        return False
    connection.execute(_SPEND, [{"hash": hashed, "until_s": until_s}])
    return True


def forget_expired(connection: Connection, now_s: float) -> None:
    connection.execute(delete(links).where(links.c.expires_s <= now_s))
    connection.execute(delete(spent).where(spent.c.until_s <= now_s))
    connection.execute(delete(tokens).where(tokens.c.expires_s <= now_s))
