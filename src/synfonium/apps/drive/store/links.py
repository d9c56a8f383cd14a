"""Links: tokens by which whoever has one reaches a node."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from synfonium.apps.drive.model import NodeId, SpaceId
from synfonium.apps.drive.model.share import Link, LinkId
from synfonium.apps.drive.store.tables import nodes, spaces
from synfonium.apps.drive.store.tables_sharing import links, sent
from synfonium.common.ids import PersonId

k = links.c
MOST_OF_NODE = 200
_COLUMNS = tuple(links.columns)
_LASTS = or_(k.until_s == 0, k.until_s > bindparam("now"))
_IN_FORCE = select(k.id).where(k.id == bindparam("link"), k.blocked_s == 0, _LASTS)
_BY_TOKEN = select(*_COLUMNS).where(k.token_hash == bindparam("hash"), k.blocked_s == 0, _LASTS)


def _link(row: Row[*tuple[Any, ...]]) -> Link:
    return Link(**row._mapping)


def is_in_force(connection: Connection, link: LinkId, now_s: float) -> bool:
    return connection.execute(_IN_FORCE, {"link": link, "now": now_s}).first() is not None


def by_token(connection: Connection, token_hash: bytes, now_s: float) -> Link | None:
    """The link if it is in force, used up or not."""
    row = connection.execute(_BY_TOKEN, {"hash": token_hash, "now": now_s}).first()
    return _link(row) if row else None


_ANY = select(k.id).where(k.space == bindparam("space")).limit(1)


def is_any(connection: Connection, space: SpaceId) -> bool:
    return connection.execute(_ANY, {"space": space}).first() is not None


def those_there(connection: Connection, ids: Sequence[LinkId]) -> set[str]:
    """Those of the links that have not been ended."""
    return set(connection.execute(select(k.id).where(k.id.in_(ids))).scalars())


def trash_of(connection: Connection, space: SpaceId) -> set[NodeId]:
    query = select(spaces.c.trash).where(spaces.c.id == space)
    return {NodeId(id_) for id_ in connection.execute(query).scalars()}


def find(connection: Connection, link: LinkId) -> Link | None:
    row = connection.execute(select(*_COLUMNS).where(k.id == link)).first()
    return _link(row) if row else None


def by_number(connection: Connection, number: int) -> Link | None:
    row = connection.execute(select(*_COLUMNS).where(k.number == number)).first()
    return _link(row) if row else None


def of_nodes(connection: Connection, ids: Sequence[NodeId]) -> list[Link]:
    query = select(*_COLUMNS).where(k.node.in_(ids)).order_by(k.made_s, k.id).limit(MOST_OF_NODE)
    return [_link(row) for row in connection.execute(query)]


def made_by(connection: Connection, person: PersonId, space: SpaceId, limit: int) -> list[Link]:
    query = select(*_COLUMNS).where(or_(k.by == person, k.space == space))
    return [_link(row) for row in connection.execute(query.order_by(k.made_s.desc(), k.id).limit(limit))]


def passed_on(connection: Connection, space: SpaceId, by: PersonId) -> list[Link]:
    rows = connection.execute(select(*_COLUMNS).where(k.space == space, k.by == by))
    return [_link(row) for row in rows]


def which(connection: Connection, ids: Sequence[NodeId]) -> set[NodeId]:
    """Those of the nodes that have a link."""
    return {NodeId(id_) for id_ in connection.execute(select(k.node).where(k.node.in_(ids))).scalars()}


def add(connection: Connection, link: Link) -> None:
    connection.execute(insert(links), msgspec.structs.asdict(link))


def change(connection: Connection, link: Link) -> None:
    """All but how often it was used."""
    values = {name: value for name, value in msgspec.structs.asdict(link).items() if name != "downloads"}
    connection.execute(update(links).where(k.id == link.id).values(**values))


def take_download(connection: Connection, link: LinkId) -> bool:
    """Counts one download; false when there is none left."""
    left = or_(k.most_downloads == 0, k.downloads < k.most_downloads)
    taken = connection.execute(update(links).where(k.id == link, left).values(downloads=k.downloads + 1))
    return bool(taken.rowcount)


def remove(connection: Connection, ids: Sequence[LinkId]) -> None:
    connection.execute(delete(sent).where(sent.c.link.in_(ids)))
    connection.execute(delete(links).where(k.id.in_(ids)))


def remove_of_nodes(connection: Connection, ids: Sequence[NodeId]) -> None:
    """Forgets the links of nodes that go for ever, and who sent them."""
    remove(connection, list(connection.execute(select(k.id).where(k.node.in_(ids))).scalars()))
    connection.execute(delete(sent).where(sent.c.node.in_(ids)))


def remove_by(connection: Connection, person: PersonId) -> int:
    """Ends all links that a person made; how many."""
    ids = [LinkId(id_) for id_ in connection.execute(select(k.id).where(k.by == person)).scalars()]
    remove(connection, ids)
    return len(ids)


def add_sent(connection: Connection, link: LinkId, node: NodeId, sender: bytes) -> None:
    connection.execute(insert(sent), {"link": link, "node": node, "sender": sender})


def sent_by(connection: Connection, link: LinkId, sender: bytes, limit: int) -> list[NodeId]:
    """What one browser has sent, the newest first."""
    query = select(sent.c.node).join(nodes, nodes.c.id == sent.c.node)
    query = query.where(sent.c.link == link, sent.c.sender == sender)
    rows = connection.execute(query.order_by(nodes.c.number.desc()).limit(limit))
    return [NodeId(row.node) for row in rows]
