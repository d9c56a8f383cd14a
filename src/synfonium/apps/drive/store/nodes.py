"""Nodes: found by id, by place and in order; made, changed, and felt by their ancestors."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    Float,
    Integer,
    Row,
    String,
    bindparam,
    case,
    delete,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from synfonium.apps.drive.model import Node, NodeId, SpaceId, VersionId, name_key, name_sort
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.store.tables import nodes

n = nodes.c
COLUMNS = (
    n.id,
    n.number,
    n.space,
    n.parent,
    n.name,
    n.is_file,
    n.size_bytes,
    n.etag,
    n.modified_s,
    n.created_s,
    n.media_type,
    n.version,
    n.revision,
)
_by_id = select(*COLUMNS).where(n.id == bindparam("id"))
_by_place = select(*COLUMNS).where(n.parent == bindparam("parent"), n.name_key == bindparam("key"))


def from_row(row: Row[*tuple[Any, ...]]) -> Node:
    """The node in a row that has at least COLUMNS."""
    return Node(**{column.name: row._mapping[column.name] for column in COLUMNS})


def _up(start: NodeId) -> CTE:
    """The node and its ancestors; `height` counts from 0. Ends by itself: trees have a top."""
    up = (
        select(n.id.label("id"), n.parent.label("parent"), literal(0, Integer).label("height"))
        .where(n.id == bindparam("start", start, String))
        .cte("up", recursive=True)
    )
    above = nodes.alias("above")
    step = select(above.c.id, above.c.parent, up.c.height + 1).where(
        above.c.id == up.c.parent, up.c.height < 2 * MAX_DEPTH
    )
    return up.union_all(step)


def _down(start: NodeId, *, folders_only: bool = False) -> CTE:
    """The node and all below it; `depth` counts from 0."""
    down = (
        select(n.id.label("id"), n.is_file.label("is_file"), literal(0, Integer).label("depth"))
        .where(n.id == bindparam("start", start, String))
        .cte("down", recursive=True)
    )
    below = nodes.alias("below")
    step = select(below.c.id, below.c.is_file, down.c.depth + 1).where(
        below.c.parent == down.c.id, down.c.depth < 2 * MAX_DEPTH
    )
    return down.union_all(step.where(below.c.is_file.is_(False)) if folders_only else step)


def find(connection: Connection, node: NodeId) -> Node | None:
    row = connection.execute(_by_id, {"id": node}).first()
    return row and from_row(row)


def child(connection: Connection, parent: NodeId, name: str) -> Node | None:
    """What has that name, in any of its spellings, in the folder."""
    row = connection.execute(_by_place, {"parent": parent, "key": name_key(name)}).first()
    return row and from_row(row)


def path(connection: Connection, node: NodeId) -> list[Node]:
    """From the top of the tree down to the node itself; empty when it does not exist."""
    up = _up(node)
    rows = connection.execute(select(*COLUMNS).join(up, up.c.id == n.id).order_by(up.c.height.desc()))
    return [from_row(row) for row in rows]


def ancestors(connection: Connection, node: NodeId) -> list[NodeId]:
    """Ids from the node itself up to the top of its tree."""
    up = _up(node)
    return [NodeId(row.id) for row in connection.execute(select(up.c.id).order_by(up.c.height))]


def children(connection: Connection, parent: NodeId, *, after: Node | None = None, limit: int) -> list[Node]:
    """Up to `limit` children as people read them, folders first, those after `after`."""
    query = select(*COLUMNS).where(n.parent == parent)
    if after is not None:
        place = tuple_(n.is_file, n.name_sort, n.id)
        query = query.where(
            place > tuple_(literal(after.is_file), literal(name_sort(after.name)), literal(after.id))
        )
    query = query.order_by(n.is_file, n.name_sort, n.id).limit(limit)
    return [from_row(row) for row in connection.execute(query)]


def children_by_key(connection: Connection, parent: NodeId, *, after: bytes, limit: int) -> list[Node]:
    """Up to `limit` children in the order of their keys: one range of the unique index."""
    query = select(*COLUMNS).where(n.parent == parent, n.name_key > after).order_by(n.name_key).limit(limit)
    return [from_row(row) for row in connection.execute(query)]


def folders(connection: Connection, parent: NodeId, *, limit: int) -> list[Node]:
    query = select(*COLUMNS).where(n.parent == parent, n.is_file.is_(False))
    return [from_row(row) for row in connection.execute(query.order_by(n.name_sort, n.id).limit(limit))]


def height(connection: Connection, node: NodeId) -> int:
    """How many folders stand inside one another below the node."""
    down = _down(node, folders_only=True)
    query = select(down.c.depth).order_by(down.c.depth.desc()).limit(1)
    return connection.execute(query).scalar() or 0


def files_below(connection: Connection, node: NodeId, *, after: str, limit: int) -> list[str]:
    """Ids of files at or below the node, in the order of their ids."""
    down = _down(node)
    query = select(down.c.id).where(down.c.is_file.is_(True), down.c.id > after)
    return [row.id for row in connection.execute(query.order_by(down.c.id).limit(limit))]


def add(
    connection: Connection,
    *,
    id_: NodeId,
    space: SpaceId,
    parent: NodeId | None,
    name: str,
    etag: str,
    now_s: float,
    modified_s: float | None = None,
    is_file: bool = False,
    size_bytes: int = 0,
    media_type: str = "",
    version: VersionId | None = None,
) -> None:
    """A new node; its ancestors are told separately, by `touch`."""
    row = {
        "id": id_,
        "space": space,
        "parent": parent,
        "name": name,
        "name_key": name_key(name),
        "name_sort": name_sort(name),
        "is_file": is_file,
        "size_bytes": size_bytes,
        "etag": etag,
        "modified_s": now_s if modified_s is None else modified_s,
        "created_s": now_s,
        "media_type": media_type,
        "version": version,
        "revision": 1,
    }
    connection.execute(insert(nodes), row)


def replace_content(
    connection: Connection, node: NodeId, *, version: VersionId, size_bytes: int, etag: str, modified_s: float
) -> None:
    values = {"version": version, "size_bytes": size_bytes, "etag": etag, "modified_s": modified_s}
    connection.execute(update(nodes).where(n.id == node).values(revision=n.revision + 1, **values))


def place(
    connection: Connection,
    node: NodeId,
    *,
    parent: NodeId | None,
    name: str,
    key: bytes | None = None,
    etag: str,
    media_type: str,
) -> None:
    """Puts a node elsewhere or gives it another name. `key`: another than the name's."""
    values = {
        "parent": parent,
        "name": name,
        "name_key": name_key(name) if key is None else key,
        "name_sort": name_sort(name),
        "etag": etag,
        "media_type": media_type,
    }
    connection.execute(update(nodes).where(n.id == node).values(**values))


def set_modified(connection: Connection, node: NodeId, *, modified_s: float, etag: str) -> None:
    connection.execute(update(nodes).where(n.id == node).values(modified_s=modified_s, etag=etag))


def touch(connection: Connection, folder: NodeId, *, added_bytes: int, etag: str, now_s: float) -> None:
    """Something below `folder` changed: it and its ancestors get the etag and the bytes.

    The folder itself, whose list of children may have changed, also gets the time.
    """
    up = _up(folder)
    values = {
        n.size_bytes: n.size_bytes + bindparam("added", added_bytes, BigInteger),
        n.etag: bindparam("mark", etag, String),
        n.modified_s: case((n.id == folder, bindparam("now", now_s, Float)), else_=n.modified_s),
    }
    connection.execute(update(nodes).where(n.id.in_(select(up.c.id))).values(values))


def remove(connection: Connection, ids: Sequence[NodeId]) -> None:
    """Removes rows; whoever calls has seen to what hangs below."""
    connection.execute(delete(nodes).where(n.id.in_(ids)))


def set_size(connection: Connection, node: NodeId, size_bytes: int) -> None:
    connection.execute(update(nodes).where(n.id == node).values(size_bytes=size_bytes))
