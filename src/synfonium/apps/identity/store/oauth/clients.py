"""Rows of clients and of signing keys."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, exists, func, insert, select, update

from synfonium.apps.identity.model.oauth.client import Client, Metadata
from synfonium.apps.identity.store.tables import clients, consents, issued, signing_keys

_CLIENT = select(clients).where(clients.c.id == bindparam("client_id"))
# Read with every request of a client, and rarely changed.
_metadata = lru_cache(512)(msgspec.json.Decoder(Metadata).decode)


def add_client(connection: Connection, client: Client) -> None:
    connection.execute(insert(clients), [{"id": client.id, "created_s": client.created_s, **_values(client)}])


def change_client(connection: Connection, client: Client) -> bool:
    """Whether it was there to change."""
    change = update(clients).where(clients.c.id == client.id).values(**_values(client))
    return connection.execute(change).rowcount == 1


def _values(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "owner": client.owner,
        "secret_hash": client.secret_hash,
        "registration_hash": client.registration_hash,
        "is_open": client.is_open,
        "metadata": msgspec.json.encode(client.metadata).decode(),
    }


def client_by_id(connection: Connection, client_id: str) -> Client | None:
    row = connection.execute(_CLIENT, {"client_id": client_id}).first()
    return None if row is None else as_client(row)


def list_clients(connection: Connection, owner: str | None = None, limit: int = 1000) -> Sequence[Client]:
    """By name; of `owner` alone when given."""
    query = select(clients).order_by(clients.c.name).limit(limit)
    if owner is not None:
        query = query.where(clients.c.owner == owner)
    return [as_client(row) for row in connection.execute(query)]


def count_clients(connection: Connection, *, owner: str | None = None, is_open: bool = False) -> int:
    query = select(func.count()).select_from(clients).where(clients.c.is_open.is_(is_open))
    if owner is not None:
        query = query.where(clients.c.owner == owner)
    return int(connection.execute(query).scalar_one())


def remove_client(connection: Connection, client_id: str) -> bool:
    """Removes the client with its consents and all that it was given."""
    connection.execute(delete(consents).where(consents.c.client == client_id))
    connection.execute(delete(issued).where(issued.c.client == client_id))
    return connection.execute(delete(clients).where(clients.c.id == client_id)).rowcount == 1


def forget_unused(connection: Connection, before_s: float) -> None:
    """Removes clients that registered themselves before and that nobody has agreed to."""
    is_used = exists().where(consents.c.client == clients.c.id)
    old = clients.c.is_open.is_(True) & (clients.c.created_s < before_s) & ~is_used
    connection.execute(delete(clients).where(old))


def as_client(row: Row[Any], prefix: str = "") -> Client:
    id_, _name, owner, secret_hash, registration_hash, created_s, is_open, metadata = (
        getattr(row, f"{prefix}{column.name}") for column in clients.c
    )
    return Client(
        id=id_,
        owner=owner,
        secret_hash=secret_hash,
        registration_hash=registration_hash,
        created_s=created_s,
        is_open=bool(is_open),
        metadata=_metadata(metadata),
    )


def add_signing_key(connection: Connection, **row: Any) -> None:
    """By the names of the columns."""
    connection.execute(insert(signing_keys), [row])


def sealed_keys(connection: Connection) -> Sequence[tuple[str, bytes, str, float]]:
    """kid, sealed, algorithm, signs_from_s; the last to sign first."""
    order = (signing_keys.c.signs_from_s.desc(), signing_keys.c.created_s.desc())
    rows = connection.execute(select(signing_keys).order_by(*order))
    return [(row.kid, bytes(row.sealed), row.algorithm, row.signs_from_s) for row in rows]


def sign_from(connection: Connection, kid: str, signs_from_s: float) -> None:
    connection.execute(
        update(signing_keys).where(signing_keys.c.kid == kid).values(signs_from_s=signs_from_s)
    )


def remove_key(connection: Connection, kid: str) -> None:
    connection.execute(delete(signing_keys).where(signing_keys.c.kid == kid))
