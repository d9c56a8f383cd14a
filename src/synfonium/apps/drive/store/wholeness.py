"""Whether the tables agree with one another; numbers alone, and nothing is deleted."""

import msgspec
from sqlalchemy import Connection, Select, func, literal, select, union_all, update
from sqlalchemy.sql.elements import ColumnElement

from synfonium.apps.drive.store.tables import blobs, nodes, parts, pictures, spaces, trash, versions

b, n, v, t, s, p, i = blobs.c, nodes.c, versions.c, trash.c, spaces.c, parts.c, pictures.c
MOST_STEPS = 200


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are not as they must be. lost: files and folders that hang on nothing;
    empty: files without a content; astray: versions of no file, or two that count; sums:
    folders whose size is not the sum below; counts: contents that are counted wrongly."""

    lost: int
    empty: int
    astray: int
    sums: int
    counts: int


def look(connection: Connection) -> Faults:
    return Faults(
        lost=_count(connection, _lost()),
        empty=_count(connection, _empty()),
        astray=_count(connection, _astray()),
        sums=_count(connection, select(n.id).where(n.is_file.is_(False), n.size_bytes != _sum_below())),
        counts=_count(connection, select(b.name).where(b.refs != _references())),
    )


def _count(connection: Connection, query: Select[tuple[str]]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _lost() -> Select[tuple[str]]:
    above, leaving = nodes.alias("above"), select(t.node).where(t.node == n.id, t.is_leaving.is_(True))
    has_parent = select(above.c.id).where(above.c.id == n.parent, above.c.is_file.is_(False)).exists()
    is_top = select(s.id).where((s.root == n.id) | (s.trash == n.id)).exists()
    is_lost = ((n.parent.is_not(None)) & ~has_parent) | (n.parent.is_(None) & ~is_top & ~leaving.exists())
    return select(n.id).where(is_lost)


def _empty() -> Select[tuple[str]]:
    content = select(v.id).join(blobs, b.name == v.blob).where(v.id == n.version, v.node == n.id)
    return select(n.id).where(n.is_file.is_(True), ~content.exists())


def _astray() -> Select[tuple[str]]:
    is_nobodys = ~select(n.id).where(n.id == v.node).exists()
    counts = select(n.id).where(n.id == v.node, n.version == v.id).exists()
    return select(v.id).where(
        is_nobodys | (counts & v.replaced_s.is_not(None)) | (~counts & v.replaced_s.is_(None))
    )


def _sum_below() -> ColumnElement[int]:
    below = nodes.alias("below")
    total = select(func.coalesce(func.sum(below.c.size_bytes), 0)).where(below.c.parent == n.id)
    return total.correlate(nodes).scalar_subquery()


def _references() -> ColumnElement[int]:
    names = union_all(select(v.blob), select(p.blob), select(i.picture)).subquery("names")
    counted = select(names.c.blob, func.count().label("refs")).group_by(names.c.blob).subquery("counted")
    found = select(counted.c.refs).where(counted.c.blob == b.name).correlate(blobs).scalar_subquery()
    return func.coalesce(found, literal(0))


def mend(connection: Connection, now_s: float) -> int:
    """Sums and counts are made anew from what they count; how many were wrong. Nothing is deleted."""
    faults = look(connection)
    sums = update(nodes).where(n.is_file.is_(False), n.size_bytes != _sum_below())
    for _ in range(MOST_STEPS):  # what is right above depends on what is right below
        if not connection.execute(sums.values(size_bytes=_sum_below())).rowcount:
            break
    counts = update(blobs).where(b.refs != _references())
    connection.execute(counts.values(refs=_references()))
    used = update(blobs).where(b.refs > 0, b.idle_since_s.is_not(None))
    connection.execute(used.values(idle_since_s=None))
    unused = update(blobs).where(b.refs <= 0, b.idle_since_s.is_(None))
    connection.execute(unused.values(idle_since_s=now_s))
    return faults.sums + faults.counts
