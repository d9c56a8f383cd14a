"""Nodes: found by id, by place and in order; made, changed, and felt by their ancestors."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    CTE,
    BigInteger,
    Connection,
    Float,
    Integer,
    Row,
    String,
    and_,
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
_WIDTH = len(COLUMNS)
FEW = 20


def from_row(row: Row[*tuple[Any, ...]]) -> Node:
    """The node in a row that begins with COLUMNS."""
    return Node(*row[:_WIDTH])


def _up() -> CTE:
    """The node `start` and its ancestors; `height` counts from 0. Trees have a top, and an end."""
    up = (
        select(n.id.label("id"), n.parent.label("parent"), literal(0, Integer).label("height"))
        .where(n.id == bindparam("start", type_=String))
        .cte("up", recursive=True)
    )
    above = nodes.alias("above")
    step = select(above.c.id, above.c.parent, up.c.height + 1)
    return up.union_all(step.where(above.c.id == up.c.parent, up.c.height < 2 * MAX_DEPTH))


def _down(*, folders_only: bool) -> CTE:
    """The node `start` and all below it; `depth` counts from 0."""
    down = (
        select(n.id.label("id"), n.is_file.label("is_file"), literal(0, Integer).label("depth"))
        .where(n.id == bindparam("start", type_=String))
        .cte("down", recursive=True)
    )
    below = nodes.alias("below")
    step = select(below.c.id, below.c.is_file, down.c.depth + 1)
    step = step.where(below.c.parent == down.c.id, down.c.depth < 2 * MAX_DEPTH)
    return down.union_all(step.where(below.c.is_file.is_(False)) if folders_only else step)


# Statements are built once: building one takes longer than running it.
_upwards, _files_down, _folders_down = _up(), _down(folders_only=False), _down(folders_only=True)
_BY_ID = select(*COLUMNS).where(n.id == bindparam("id"))
_BY_PLACE = select(*COLUMNS).where(n.parent == bindparam("parent"), n.name_key == bindparam("key"))
_PATH = select(*COLUMNS).join(_upwards, _upwards.c.id == n.id).order_by(_upwards.c.height.desc())
_ANCESTORS = select(_upwards.c.id).order_by(_upwards.c.height)
_HEIGHT = select(_folders_down.c.depth).order_by(_folders_down.c.depth.desc()).limit(1)
_FILES_BELOW = (
    select(_files_down.c.id)
    .where(_files_down.c.is_file.is_(True), _files_down.c.id > bindparam("after"))
    .order_by(_files_down.c.id)
    .limit(bindparam("most"))
)
_BY_IDS = select(*COLUMNS).where(n.id.in_(bindparam("ids", expanding=True)))
_BY_NAMES = select(*COLUMNS).where(
    n.parent == bindparam("parent"), n.name_key.in_(bindparam("keys", expanding=True))
)
_BY_KEY = (
    select(*COLUMNS)
    .where(n.parent == bindparam("parent"), n.name_key > bindparam("after"))
    .order_by(n.name_key)
    .limit(bindparam("most"))
)
_INSERT = insert(nodes)
_REPLACE = (
    update(nodes)
    .where(n.id == bindparam("at"))
    .values(
        version=bindparam("new_version"),
        size_bytes=bindparam("new_size"),
        etag=bindparam("mark"),
        modified_s=bindparam("new_time"),
        revision=n.revision + 1,
    )
)
_TOUCH = (
    update(nodes)
    .where(n.id.in_(select(_upwards.c.id)))
    .values(
        {
            n.size_bytes: n.size_bytes + bindparam("added", type_=BigInteger),
            n.etag: bindparam("mark", type_=String),
            n.modified_s: case(
                (n.id == bindparam("folder"), bindparam("now", type_=Float)), else_=n.modified_s
            ),
        }
    )
)


class NewNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node to be; its ancestors are told separately, by `touch`."""

    id: NodeId
    space: SpaceId
    parent: NodeId | None
    name: str
    etag: str
    created_s: float
    modified_s: float
    is_file: bool = False
    size_bytes: int = 0
    media_type: str = ""
    version: VersionId | None = None


class NewContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a file has from now on."""

    node: NodeId
    version: VersionId
    size_bytes: int
    etag: str
    modified_s: float


class Span(msgspec.Struct, frozen=True):
    """Members of a folder, in the order of their keys, from the first to the last."""

    parent: NodeId
    first: bytes
    last: bytes

    @classmethod
    def of(cls, members: Sequence[Node]) -> "Span | None":
        """None for a few, and for those that do not lie in one folder: these are better named."""
        top = members[0] if len(members) >= FEW else None
        if top is None or top.parent is None:
            return None
        # What is mounted in a folder says that it lies there, and is in another's space.
        if any(node.parent != top.parent or node.space != top.space for node in members):
            return None
        return cls(top.parent, name_key(top.name), name_key(members[-1].name))

    @property
    def values(self) -> dict[str, object]:
        """What IN_SPAN needs."""
        return {"parent": self.parent, "first": self.first, "last": self.last}


IN_SPAN = and_(n.parent == bindparam("parent"), n.name_key.between(bindparam("first"), bindparam("last")))


def find(connection: Connection, node: NodeId) -> Node | None:
    row = connection.execute(_BY_ID, {"id": node}).first()
    return row and from_row(row)


def numbered(connection: Connection, number: int) -> Node | None:
    """The node that clients know by that number."""
    row = connection.execute(select(*COLUMNS).where(n.number == number)).first()
    return row and from_row(row)


def find_all(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, Node]:
    """Those of the nodes that exist."""
    rows = connection.execute(_BY_IDS, {"ids": list(ids)})
    return {node.id: node for node in map(from_row, rows)}


def children_named(connection: Connection, parent: NodeId, keys: Sequence[bytes]) -> list[Node]:
    """Members of a folder by their `name_key`s."""
    rows = connection.execute(_BY_NAMES, {"parent": parent, "keys": list(keys)})
    return [from_row(row) for row in rows]


def numbers_of(connection: Connection, ids: Sequence[NodeId]) -> list[int]:
    """The numbers by which clients know them; of those that are still there."""
    return list(connection.execute(select(n.number).where(n.id.in_(ids)).order_by(n.number)).scalars())


def child(connection: Connection, parent: NodeId, name: str) -> Node | None:
    """What has that name, in any of its spellings, in the folder."""
    row = connection.execute(_BY_PLACE, {"parent": parent, "key": name_key(name)}).first()
    return row and from_row(row)


def path(connection: Connection, node: NodeId) -> list[Node]:
    """From the top of the tree down to the node itself; empty when it does not exist."""
    rows = connection.execute(_PATH, {"start": node})
    return [from_row(row) for row in rows]


def ancestors(connection: Connection, node: NodeId) -> list[NodeId]:
    """Ids from the node itself up to the top of its tree."""
    return [NodeId(row.id) for row in connection.execute(_ANCESTORS, {"start": node})]


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


def children_numbered(connection: Connection, parent: NodeId, numbers: Sequence[int]) -> list[Node]:
    """Children that clients know by these numbers, in the order of their keys."""
    query = select(*COLUMNS).where(n.number.in_(numbers), n.parent == parent).order_by(n.name_key)
    return [from_row(row) for row in connection.execute(query)]


def children_by_key(connection: Connection, parent: NodeId, *, after: bytes, limit: int) -> list[Node]:
    """Up to `limit` children in the order of their keys: one range of the unique index."""
    values = {"parent": parent, "after": after, "most": limit}
    return [from_row(row) for row in connection.execute(_BY_KEY, values)]


def with_keys(connection: Connection, parent: NodeId, keys: Sequence[bytes]) -> list[Node]:
    """Children with these keys, in their order."""
    if not keys:
        return []
    query = select(*COLUMNS).where(n.parent == parent, n.name_key.in_(keys)).order_by(n.name_key)
    return [from_row(row) for row in connection.execute(query)]


def key_of(node: Node) -> bytes:
    """Where a child that was given in the order of keys stands."""
    return name_key(node.name)


def folders(connection: Connection, parent: NodeId, *, limit: int) -> list[Node]:
    query = select(*COLUMNS).where(n.parent == parent, n.is_file.is_(False))
    return [from_row(row) for row in connection.execute(query.order_by(n.name_sort, n.id).limit(limit))]


def named_like(connection: Connection, space: SpaceId, text: str, *, limit: int) -> list[Node]:
    """Nodes of a space, trash included, whose names hold `text` in any case, the latest first."""
    query = select(*COLUMNS).where(n.space == space, n.name.icontains(text, autoescape=True))
    rows = connection.execute(query.order_by(n.modified_s.desc()).limit(limit))
    return [from_row(row) for row in rows]


def height(connection: Connection, node: NodeId) -> int:
    """How many folders stand inside one another below the node."""
    return connection.execute(_HEIGHT, {"start": node}).scalar() or 0


def files_below(connection: Connection, node: NodeId, *, after: str, limit: int) -> list[str]:
    """Ids of files at or below the node, in the order of their ids."""
    values = {"start": node, "after": after, "most": limit}
    return [row.id for row in connection.execute(_FILES_BELOW, values)]


def ids_below(connection: Connection, node: NodeId) -> list[NodeId]:
    """The node itself and all below it."""
    return [NodeId(row.id) for row in connection.execute(select(_files_down.c.id), {"start": node})]


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
    new = NewNode(
        id=id_,
        space=space,
        parent=parent,
        name=name,
        etag=etag,
        created_s=now_s,
        modified_s=now_s if modified_s is None else modified_s,
        is_file=is_file,
        size_bytes=size_bytes,
        media_type=media_type,
        version=version,
    )
    add_many(connection, [new])


def add_many(connection: Connection, new: Sequence[NewNode]) -> None:
    rows = [
        {
            **msgspec.structs.asdict(one),
            "name_key": name_key(one.name),
            "name_sort": name_sort(one.name),
            "revision": 1,
        }
        for one in new
    ]
    if rows:
        connection.execute(_INSERT, rows)


def replace_contents(connection: Connection, new: Sequence[NewContent]) -> None:
    rows = [
        {
            "at": one.node,
            "new_version": one.version,
            "new_size": one.size_bytes,
            "mark": one.etag,
            "new_time": one.modified_s,
        }
        for one in new
    ]
    if rows:
        connection.execute(_REPLACE, rows)


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
    values = {"added": added_bytes, "mark": etag, "now": now_s}
    connection.execute(_TOUCH, {"start": folder, "folder": folder, **values})


def remove(connection: Connection, ids: Sequence[NodeId]) -> None:
    """Removes rows; whoever calls has seen to what hangs below."""
    connection.execute(delete(nodes).where(n.id.in_(ids)))


def set_size(connection: Connection, node: NodeId, size_bytes: int) -> None:
    connection.execute(update(nodes).where(n.id == node).values(size_bytes=size_bytes))
