"""Reading many nodes of several spaces at once: what stands in a recipient's drive."""

from collections.abc import Sequence

from sqlalchemy import Connection, Integer, String, bindparam, func, literal, select, tuple_

from synfonium.apps.drive.model import Node, NodeId, name_key
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import nodes

n = nodes.c
AT_ONCE = 500

_up = (
    select(
        n.id.label("start"), n.id.label("id"), n.parent.label("parent"), literal(0, Integer).label("height")
    )
    .where(n.id.in_(bindparam("ids", type_=String, expanding=True)))
    .cte("mounted_up", recursive=True)
)
_above = nodes.alias("above")
_up = _up.union_all(
    select(_up.c.start, _above.c.id, _above.c.parent, _up.c.height + 1).where(
        _above.c.id == _up.c.parent, _up.c.height < 2 * MAX_DEPTH
    )
)
_TOPS = select(_up.c.start, _up.c.id).where(_up.c.parent.is_(None))
_KINDS = (
    select(n.is_file, func.count().label("many"))
    .where(n.id.in_(bindparam("ids", expanding=True)))
    .group_by(n.is_file)
)
_MANY = select(*COLUMNS).where(n.id.in_(bindparam("ids", expanding=True)))


def many(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, Node]:
    """Those of the nodes that exist."""
    found: dict[NodeId, Node] = {}
    for at in range(0, len(ids), AT_ONCE):
        for row in connection.execute(_MANY, {"ids": list(ids[at : at + AT_ONCE])}):
            node = from_row(row)
            found[node.id] = node
    return found


def tops(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, NodeId]:
    """The top of the tree in which each of the nodes lies: the root of a space, or its trash."""
    found: dict[NodeId, NodeId] = {}
    for at in range(0, len(ids), AT_ONCE):
        for row in connection.execute(_TOPS, {"ids": list(ids[at : at + AT_ONCE])}):
            found[NodeId(row.start)] = NodeId(row.id)
    return found


def kinds(connection: Connection, ids: Sequence[NodeId]) -> tuple[int, int]:
    """How many of the nodes are files, and how many folders."""
    files = folders = 0
    for at in range(0, len(ids), AT_ONCE):
        for row in connection.execute(_KINDS, {"ids": list(ids[at : at + AT_ONCE])}):
            files, folders = (files + row.many, folders) if row.is_file else (files, folders + row.many)
    return files, folders


def taken(connection: Connection, places: Sequence[tuple[NodeId, str]]) -> set[tuple[NodeId, bytes]]:
    """Those of the places (folder, name) at which a node stands."""
    found: set[tuple[NodeId, bytes]] = set()
    for at in range(0, len(places), AT_ONCE):
        keys = [(parent, name_key(name)) for parent, name in places[at : at + AT_ONCE]]
        query = select(n.parent, n.name_key).where(tuple_(n.parent, n.name_key).in_(keys))
        found |= {(NodeId(row.parent), bytes(row.name_key)) for row in connection.execute(query)}
    return found
