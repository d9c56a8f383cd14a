"""Spaces: one row for each tree."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from synfonium.apps.drive.model import Space
from synfonium.apps.drive.store import nodes, uploads
from synfonium.apps.drive.store.tables import nodes as node_table
from synfonium.apps.drive.store.tables import spaces
from synfonium.common.ids import PersonId

s = spaces.c
_columns = (s.id, s.owner, s.root, s.trash, s.sealed_key, s.quota_bytes)


def _space(row: Row[*tuple[Any, ...]]) -> Space:
    return Space(**row._mapping)


_BY_ID = select(*_columns).where(s.id == bindparam("space"))
_OF_OWNER = select(*_columns).where(s.owner == bindparam("owner"))


def of_owner(connection: Connection, owner: PersonId) -> Space | None:
    row = connection.execute(_OF_OWNER, {"owner": owner}).first()
    return row and _space(row)


def by_id(connection: Connection, space: str) -> Space | None:
    row = connection.execute(_BY_ID, {"space": space}).first()
    return row and _space(row)


def of_node(connection: Connection, node: str) -> Space | None:
    """The space in which a node is."""
    query = select(*_columns).join(node_table, node_table.c.space == s.id).where(node_table.c.id == node)
    row = connection.execute(query).first()
    return row and _space(row)


def add(connection: Connection, space: Space, *, etag: str, now_s: float) -> None:
    """A space with its two empty tops."""
    for top in (space.root, space.trash):
        nodes.add(connection, id_=top, space=space.id, parent=None, name="", etag=etag, now_s=now_s)
    row = {"id": space.id, "owner": space.owner, "root": space.root, "trash": space.trash}
    values = {"sealed_key": space.sealed_key, "quota_bytes": space.quota_bytes, "created_s": now_s}
    connection.execute(insert(spaces), {**row, **values})


def every(connection: Connection, *, after: str, limit: int) -> list[Space]:
    """In order of their ids, those after `after`."""
    query = select(*_columns).where(s.id > after).order_by(s.id).limit(limit)
    return [_space(row) for row in connection.execute(query)]


def set_key(connection: Connection, space: Space, sealed_key: bytes) -> bool:
    """False when it has another key than it had."""
    there = update(spaces).where(s.id == space.id, s.sealed_key == space.sealed_key)
    return bool(connection.execute(there.values(sealed_key=sealed_key)).rowcount)


def set_quota(connection: Connection, space: str, quota_bytes: int) -> None:
    connection.execute(update(spaces).where(s.id == space).values(quota_bytes=quota_bytes))


def used_bytes(connection: Connection, space: Space) -> int:
    """Bytes of all files, those in the trash and those that are not whole yet included."""
    tops = [nodes.find(connection, top) for top in (space.root, space.trash)]
    return sum(top.size_bytes for top in tops if top) + uploads.held_bytes(connection, space.id)


def used_bytes_of(connection: Connection, owners: Sequence[PersonId]) -> int:
    """Bytes of all files of several owners, as `used_bytes` counts them."""
    used = 0
    for at in range(0, len(owners), 1000):
        some = s.owner.in_(owners[at : at + 1000])
        used += uploads.held_bytes_of(connection, owners[at : at + 1000])
        for top in (s.root, s.trash):
            tops = select(func.sum(node_table.c.size_bytes)).join(spaces, top == node_table.c.id)
            used += int(connection.execute(tops.where(some)).scalar() or 0)
    return used
