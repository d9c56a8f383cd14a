"""Old versions: looked at, named, and found by those who thin them out."""

from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from synfonium.apps.drive.model import NodeId, SpaceId, VersionId
from synfonium.apps.drive.model.versions import Version
from synfonium.apps.drive.store.tables import versions

v = versions.c
_COLUMNS = (
    v.id,
    v.node,
    v.blob,
    v.size_bytes,
    v.modified_s,
    v.made_s,
    v.author,
    v.sha1,
    v.replaced_s,
    v.label,
)
_old = v.replaced_s.is_not(None)


def _version(row: Row[*tuple[Any, ...]]) -> Version:
    return Version(**row._mapping)


def of_node(connection: Connection, node: NodeId, *, limit: int) -> list[Version]:
    """The versions of a file, the one that counts first, then the latest."""
    query = select(*_COLUMNS).where(v.node == node)
    query = query.order_by(_old, v.made_s.desc(), v.id.desc()).limit(limit)
    return [_version(row) for row in connection.execute(query)]


def find(connection: Connection, version: VersionId) -> Version | None:
    row = connection.execute(select(*_COLUMNS).where(v.id == version)).first()
    return row and _version(row)


def set_label(connection: Connection, version: VersionId, label: str | None) -> None:
    connection.execute(update(versions).where(v.id == version).values(label=label))


def old_bytes(connection: Connection, space: SpaceId, *, is_labelled: bool = False) -> int:
    """Bytes of all old versions of a space, or of those with a label."""
    query = select(func.sum(v.size_bytes)).where(v.space == space, _old)
    query = query.where(v.label.is_not(None)) if is_labelled else query
    return int(connection.execute(query).scalar() or 0)


def oldest(connection: Connection, space: SpaceId, *, limit: int) -> list[Version]:
    """Old versions without a label, those first that were replaced first."""
    query = select(*_COLUMNS).where(v.space == space, _old, v.label.is_(None))
    return [_version(row) for row in connection.execute(query.order_by(v.replaced_s).limit(limit))]


def spaces_with_old(connection: Connection, *, after: str, since_s: float, limit: int) -> list[SpaceId]:
    """Spaces, in the order of their ids, in which something was replaced since then."""
    query = select(v.space).where(v.space > after, v.replaced_s >= since_s).distinct()
    found = connection.execute(query.order_by(v.space).limit(limit)).scalars()
    return [SpaceId(space) for space in found]


def nodes_with_old(
    connection: Connection, space: SpaceId, *, after: str, since_s: float, limit: int
) -> list[NodeId]:
    """Files of a space, in the order of their ids, of which a version was replaced since then."""
    query = select(v.node).where(v.space == space, v.replaced_s >= since_s, v.node > after).distinct()
    found = connection.execute(query.order_by(v.node).limit(limit)).scalars()
    return [NodeId(node) for node in found]
