"""What the scrub remembers; and what a check of the tables finds, with numbers alone."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from synfonium.apps.drive.model import BlobName, NodeId, SpaceId
from synfonium.apps.drive.model.upkeep import Damage, Hurt, Walk
from synfonium.apps.drive.store.tables import blobs, damage, nodes, scrubs, versions

b, d, n, v = blobs.c, damage.c, nodes.c, versions.c
_ROW = 1


def walk(connection: Connection) -> Walk:
    row = connection.execute(select(*(column for column in scrubs.c if column.name != "id"))).first()
    return Walk(**row._mapping) if row else Walk()


def keep_walk(connection: Connection, walk: Walk) -> None:
    values = msgspec.structs.asdict(walk)
    if not connection.execute(update(scrubs).values(values)).rowcount:
        connection.execute(insert(scrubs), {"id": _ROW, **values})


def count_blobs(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(blobs).where(b.refs > 0)).scalar_one())


def next_blobs(connection: Connection, after: str, limit: int) -> list[tuple[BlobName, SpaceId]]:
    """Blobs that something refers to, in the order of their names."""
    query = select(b.name, b.space).where(b.name > after, b.refs > 0).order_by(b.name).limit(limit)
    return [(BlobName(row.name), SpaceId(row.space)) for row in connection.execute(query)]


def is_wanted(connection: Connection, blob: BlobName) -> bool:
    return bool(connection.execute(select(b.name).where(b.name == blob, b.refs > 0)).first())


def all_damage(connection: Connection) -> list[Damage]:
    rows = connection.execute(select(damage).join(blobs, b.name == d.blob).where(b.refs > 0))
    return [Damage(**row._mapping) for row in rows]


def add_damage(connection: Connection, found: Damage) -> bool:
    """Whether it was not known yet."""
    known = connection.execute(update(damage).where(d.blob == found.blob).values(kind=found.kind))
    if not known.rowcount:
        connection.execute(insert(damage), msgspec.structs.asdict(found))
    return not known.rowcount


def forget_damage(connection: Connection, names: Iterable[str]) -> None:
    for name in names:
        connection.execute(delete(damage).where(d.blob == name))


def forget_gone(connection: Connection) -> None:
    """Damage of blobs that nothing refers to any more is nobody's."""
    wanted = select(b.name).where(b.name == d.blob, b.refs > 0)
    connection.execute(delete(damage).where(~wanted.exists()))


def hurt(connection: Connection, blob: BlobName, limit: int) -> list[Hurt]:
    """Files with a version of that content."""
    query = select(v.node, v.space, v.replaced_s).where(v.blob == blob).limit(limit)
    return [
        Hurt(node=NodeId(row.node), space=SpaceId(row.space), is_present=row.replaced_s is None)
        for row in connection.execute(query)
    ]
