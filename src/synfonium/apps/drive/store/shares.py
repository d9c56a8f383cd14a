"""Shares and mounts: who may reach whose nodes, and where these stand in the recipient's drive."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, or_, select, update

from synfonium.apps.drive.model import NodeId, Space, SpaceId
from synfonium.apps.drive.model.share import Received, Share, ShareId
from synfonium.apps.drive.store.tables import nodes, spaces
from synfonium.apps.drive.store.tables_sharing import links, mounts, shares
from synfonium.common.ids import PersonId

s, m = shares.c, mounts.c
MOST_RECEIVED = 2_000
MOST_OF_NODE = 200
_COLUMNS = tuple(shares.columns)
_SPACE = (
    spaces.c.id,
    spaces.c.owner,
    spaces.c.root,
    spaces.c.trash,
    spaces.c.sealed_key,
    spaces.c.quota_bytes,
)
_IN_FORCE = select(s.id).where(
    s.id.in_(bindparam("ids", expanding=True)), or_(s.until_s == 0, s.until_s > bindparam("now"))
)


def _share(row: Row[*tuple[Any, ...]]) -> Share:
    values = row._mapping
    return Share(**{name: values[shares.c[name]] for name in Share.__struct_fields__})


def are_in_force(connection: Connection, ids: Sequence[ShareId], now_s: float) -> bool:
    """Whether one of the shares at least is there and not over."""
    return connection.execute(_IN_FORCE, {"ids": list(ids), "now": now_s}).first() is not None


def received(
    connection: Connection,
    person: PersonId,
    groups: Sequence[str],
    organisations: Sequence[str],
    now_s: float,
) -> list[Received]:
    """What is in force for a person, their groups and organisations; one for each node."""
    query = (
        select(*_COLUMNS, *(column.label(f"space_{column.name}") for column in _SPACE))
        .add_columns(nodes.c.name.label("node_name"), m.parent, m.name.label("own_name"), m.is_left)
        .join(spaces, spaces.c.id == s.space)
        .join(nodes, nodes.c.id == s.node)
        .join(mounts, and_(m.node == s.node, m.person == person), isouter=True)
        .where(
            or_(
                and_(s.to_kind == "person", s.to == person),
                and_(s.to_kind == "group", s.to.in_(groups)),
                and_(s.to_kind == "organisation", s.to.in_(organisations)),
            ),
            or_(s.until_s == 0, s.until_s > now_s),
            spaces.c.owner != person,
        )
        .order_by(s.made_s, s.id)
        .limit(MOST_RECEIVED)
    )
    found: dict[NodeId, Received] = {}
    for row in connection.execute(query):
        share = _share(row)
        before = found.get(share.node)
        if before is not None:
            found[share.node] = msgspec.structs.replace(before, shares=(*before.shares, share))
            continue
        found[share.node] = Received(
            node=share.node,
            name=row.own_name or row.node_name,
            space=Space(**{column.name: getattr(row, f"space_{column.name}") for column in _SPACE}),
            shares=(share,),
            parent=NodeId(row.parent) if row.parent else None,
            is_left=bool(row.is_left),
        )
    return list(found.values())


def add(connection: Connection, share: Share) -> None:
    connection.execute(insert(shares), msgspec.structs.asdict(share))


def change(connection: Connection, share: Share) -> None:
    values = msgspec.structs.asdict(share)
    connection.execute(update(shares).where(s.id == share.id).values(**values))


def find(connection: Connection, share: ShareId) -> Share | None:
    row = connection.execute(select(*_COLUMNS).where(s.id == share)).first()
    return _share(row) if row else None


def by_number(connection: Connection, number: int) -> Share | None:
    row = connection.execute(select(*_COLUMNS).where(s.number == number)).first()
    return _share(row) if row else None


def between(connection: Connection, node: NodeId, to_kind: str, to: str) -> Share | None:
    query = select(*_COLUMNS).where(s.node == node, s.to_kind == to_kind, s.to == to)
    row = connection.execute(query).first()
    return _share(row) if row else None


def of_nodes(connection: Connection, ids: Sequence[NodeId]) -> list[Share]:
    """Those of any of the nodes, the oldest first."""
    query = select(*_COLUMNS).where(s.node.in_(ids)).order_by(s.made_s, s.id).limit(MOST_OF_NODE)
    return [_share(row) for row in connection.execute(query)]


def made_by(connection: Connection, person: PersonId, space: SpaceId, limit: int) -> list[Share]:
    """Those that a person made, or that others made of what is theirs; the newest first."""
    query = select(*_COLUMNS).where(or_(s.by == person, s.space == space))
    return [_share(row) for row in connection.execute(query.order_by(s.made_s.desc(), s.id).limit(limit))]


def remove(connection: Connection, ids: Sequence[ShareId]) -> None:
    connection.execute(delete(shares).where(s.id.in_(ids)))


def remove_of_nodes(connection: Connection, ids: Sequence[NodeId]) -> None:
    """Forgets the shares of nodes that go for ever, and where they stood."""
    connection.execute(delete(shares).where(s.node.in_(ids)))
    connection.execute(delete(mounts).where(m.node.in_(ids)))


def remove_to(connection: Connection, person: PersonId) -> int:
    """Ends all that a person has received directly, and all that they passed on."""
    mine = or_(and_(s.to_kind == "person", s.to == person), s.by == person)
    return connection.execute(delete(shares).where(mine)).rowcount


def makers_below(connection: Connection, space: SpaceId) -> list[PersonId]:
    """Everybody who shares something of a space, by shares or links."""
    found = connection.execute(select(s.by).where(s.space == space).distinct()).scalars().all()
    made = connection.execute(select(links.c.by).where(links.c.space == space).distinct()).scalars()
    return [PersonId(by) for by in dict.fromkeys([*found, *made])]


def of_person(connection: Connection, space: SpaceId, person: PersonId) -> list[Share]:
    """What of a space is shared with a person by themselves."""
    query = select(*_COLUMNS).where(s.space == space, s.to_kind == "person", s.to == person)
    return [_share(row) for row in connection.execute(query)]


def passed_on(connection: Connection, space: SpaceId, by: PersonId) -> list[Share]:
    query = select(*_COLUMNS).where(s.space == space, s.by == by)
    return [_share(row) for row in connection.execute(query)]


def which(connection: Connection, ids: Sequence[NodeId]) -> set[NodeId]:
    """Those of the nodes that are shared."""
    return {NodeId(id_) for id_ in connection.execute(select(s.node).where(s.node.in_(ids))).scalars()}


_ANY = select(s.id).where(s.space == bindparam("space")).limit(1)


def is_any(connection: Connection, space: SpaceId) -> bool:
    return connection.execute(_ANY, {"space": space}).first() is not None


def kinds(connection: Connection, ids: Sequence[NodeId]) -> dict[NodeId, frozenset[int]]:
    """How each of the nodes is shared, in the numbers of OCS: 0 person, 1 group, 3 link."""
    found: dict[NodeId, set[int]] = {}
    for row in connection.execute(select(s.node, s.to_kind).where(s.node.in_(ids))):
        found.setdefault(NodeId(row.node), set()).add(0 if row.to_kind == "person" else 1)
    for row in connection.execute(select(links.c.node).where(links.c.node.in_(ids))):
        found.setdefault(NodeId(row.node), set()).add(3)
    return {node: frozenset(numbers) for node, numbers in found.items()}


def trashes(connection: Connection, ids: Sequence[SpaceId]) -> set[NodeId]:
    """The trash of each of the spaces."""
    query = select(spaces.c.trash).where(spaces.c.id.in_(ids))
    return {NodeId(id_) for id_ in connection.execute(query).scalars()}


def set_mount(
    connection: Connection,
    person: PersonId,
    node: NodeId,
    *,
    parent: NodeId | None = None,
    name: str = "",
    is_left: bool = False,
) -> None:
    """Where a recipient put it. name: empty for the owner's."""
    connection.execute(delete(mounts).where(m.person == person, m.node == node))
    if parent or name or is_left:
        row = {"person": person, "node": node, "parent": parent, "name": name, "is_left": is_left}
        connection.execute(insert(mounts), row)
