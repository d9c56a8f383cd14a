"""What takes the room of a space."""

from sqlalchemy import Connection, func, select

from synfonium.apps.drive.model import Node, NodeId, SpaceId
from synfonium.apps.drive.store.nodes import COLUMNS, from_row
from synfonium.apps.drive.store.tables import nodes, versions

n, v = nodes.c, versions.c


def largest(connection: Connection, folder: NodeId, limit: int) -> list[Node]:
    """Members of a folder that hold anything, those that hold the most first."""
    query = select(*COLUMNS).where(n.parent == folder, n.size_bytes > 0)
    return [
        from_row(row) for row in connection.execute(query.order_by(n.size_bytes.desc(), n.id).limit(limit))
    ]


def old_bytes(connection: Connection, space: SpaceId) -> int:
    """Bytes of all versions that do not count any more."""
    query = select(func.sum(v.size_bytes)).where(v.space == space, v.replaced_s.is_not(None))
    return int(connection.execute(query).scalar() or 0)
