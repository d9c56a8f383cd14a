"""Locks: few at any time, so that a space's are read together and judged in memory."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from synfonium.apps.drive.model import Lock, NodeId, SpaceId
from synfonium.apps.drive.store.tables import locks

k = locks.c
MAX_LOCKS_PER_SPACE = 1_000
_OF_SPACE = (
    select(locks)
    .where(k.space == bindparam("space"), k.expires_s > bindparam("now"))
    .limit(MAX_LOCKS_PER_SPACE)
)


def _lock(row: Row[*tuple[Any, ...]]) -> Lock:
    return Lock(**row._mapping)


def of_space(connection: Connection, space: SpaceId, now_s: float) -> list[Lock]:
    """All locks of the space that have not expired."""
    return [_lock(row) for row in connection.execute(_OF_SPACE, {"space": space, "now": now_s})]


def add(connection: Connection, lock: Lock) -> None:
    connection.execute(insert(locks), msgspec.structs.asdict(lock))


def refresh(connection: Connection, token: str, expires_s: float) -> None:
    connection.execute(update(locks).where(k.token == token).values(expires_s=expires_s))


def remove(connection: Connection, token: str) -> None:
    connection.execute(delete(locks).where(k.token == token))


def remove_of(connection: Connection, ids: list[NodeId]) -> None:
    connection.execute(delete(locks).where(k.node.in_(ids)))


def remove_expired(connection: Connection, now_s: float) -> int:
    return connection.execute(delete(locks).where(k.expires_s <= now_s)).rowcount
