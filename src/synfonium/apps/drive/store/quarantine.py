"""What is to be scanned, and what was found."""

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from synfonium.apps.drive.model import BlobName, NodeId, SpaceId
from synfonium.apps.drive.model.quarantine import Suspect
from synfonium.apps.drive.store.tables import blobs, nodes, scan_due, suspects, versions

b, n, s, d, v = blobs.c, nodes.c, suspects.c, scan_due.c, versions.c


def want(connection: Connection, node: NodeId, now_s: float) -> bool:
    """The present content of the file is to be scanned; false when it is known, or nothing."""
    content = select(v.blob, v.space).join(nodes, n.version == v.id).where(n.id == node)
    row = connection.execute(content).first()
    if row is None:
        return False
    is_known = connection.execute(select(s.blob).where(s.blob == row.blob)).first()
    is_due = connection.execute(select(d.blob).where(d.blob == row.blob)).first()
    if not is_known and not is_due:
        connection.execute(insert(scan_due), {"blob": row.blob, "space": row.space, "since_s": now_s})
    return not is_known


def next_due(connection: Connection) -> tuple[BlobName, SpaceId] | None:
    row = connection.execute(select(d.blob, d.space).order_by(d.since_s).limit(1)).first()
    return (BlobName(row.blob), SpaceId(row.space)) if row else None


def done(connection: Connection, blob: BlobName) -> None:
    connection.execute(delete(scan_due).where(d.blob == blob))


def add(connection: Connection, suspect: Suspect) -> None:
    """What is judged already, by another server perhaps, stays so."""
    if not connection.execute(select(s.blob).where(s.blob == suspect.blob)).first():
        connection.execute(insert(suspects), msgspec.structs.asdict(suspect))


def every(connection: Connection) -> list[Suspect]:
    """The latest first."""
    query = select(suspects).join(blobs, b.name == s.blob).where(b.refs > 0).order_by(s.found_s.desc())
    return [Suspect(**row._mapping) for row in connection.execute(query)]


def release(connection: Connection, blob: BlobName) -> bool:
    """False when it is not in quarantine."""
    held = update(suspects).where(s.blob == blob, s.state == "infected")
    return bool(connection.execute(held.values(state="released")).rowcount)


def forget_gone(connection: Connection) -> None:
    """What nothing refers to any more needs no judgement."""
    for table, column in ((suspects, s.blob), (scan_due, d.blob)):
        wanted = select(b.name).where(b.name == column, b.refs > 0)
        connection.execute(delete(table).where(~wanted.exists()))
