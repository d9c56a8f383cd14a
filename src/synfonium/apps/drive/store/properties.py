"""Dead properties: what clients keep with a file and we do not interpret."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from synfonium.apps.drive.model import Node, NodeId, SpaceId
from synfonium.apps.drive.store.nodes import IN_SPAN, Span
from synfonium.apps.drive.store.tables import nodes, properties

p = properties.c


_IN_SPAN = select(properties).join(nodes, nodes.c.id == p.node).where(IN_SPAN).order_by(p.name)


def of_nodes(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, dict[str, str]]:
    """Name (`{namespace}local`) to XML, for those of the nodes that have any."""
    return _by_node(connection.execute(select(properties).where(p.node.in_(ids)).order_by(p.name)))


def of_members(connection: Connection, members: Sequence[Node]) -> dict[NodeId, dict[str, str]]:
    """As `of_nodes`, of a page of a listing."""
    span = Span.of(members)
    if span is None:
        return of_nodes(connection, [node.id for node in members])
    return _by_node(connection.execute(_IN_SPAN, span.values))


def _by_node(rows: Iterable[Any]) -> dict[NodeId, dict[str, str]]:
    found: dict[NodeId, dict[str, str]] = {}
    for row in rows:
        found.setdefault(NodeId(row.node), {})[row.name] = row.xml
    return found


def having(connection: Connection, ids: Sequence[NodeId], name: str) -> list[NodeId]:
    """Those of the nodes that have the property."""
    query = select(p.node).where(p.node.in_(ids), p.name == name)
    return [NodeId(node) for node in connection.execute(query).scalars()]


def of_space(connection: Connection, space: SpaceId, name: str, *, limit: int) -> list[NodeId]:
    """Nodes of the space that have the property."""
    query = select(p.node).join(nodes, nodes.c.id == p.node).where(nodes.c.space == space, p.name == name)
    return [NodeId(node) for node in connection.execute(query.order_by(p.node).limit(limit)).scalars()]


def change(connection: Connection, node: NodeId, changes: Mapping[str, str | None]) -> None:
    """Sets, or with None removes, properties."""
    connection.execute(delete(properties).where(p.node == node, p.name.in_(list(changes))))
    rows = [{"node": node, "name": name, "xml": xml} for name, xml in changes.items() if xml is not None]
    if rows:
        connection.execute(insert(properties), rows)


def remove_of(connection: Connection, ids: Sequence[NodeId]) -> None:
    connection.execute(delete(properties).where(p.node.in_(ids)))
