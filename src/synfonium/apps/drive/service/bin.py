"""Putting a node into the trash, for whoever takes something away."""

from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service.guard import release_below
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.store import nodes, trash
from synfonium.common.ids import new_id


def put_in_trash(room: Room, connection: Connection, reach: Reach, node: Node, now_s: float) -> None:
    """Re-parents the node, whatever hangs below it, under the space's trash."""
    assert node.parent is not None
    place = "/".join(step.name for step in nodes.path(connection, node.parent)[1:])
    etag = new_id(now_s)
    release_below(connection, reach, node.id, now_s)
    trash.add(
        connection,
        node=node.id,
        space=reach.space.id,
        parent=node.parent,
        place=place,
        by=reach.person,
        now_s=now_s,
    )
    # Twins may meet in the trash, so that there the id is the key.
    nodes.place(
        connection,
        node.id,
        parent=reach.space.trash,
        name=node.name,
        key=node.id.encode(),
        etag=etag,
        media_type=node.media_type,
    )
    nodes.touch(connection, node.parent, added_bytes=-node.size_bytes, etag=etag, now_s=now_s)
    nodes.touch(connection, reach.space.trash, added_bytes=node.size_bytes, etag=etag, now_s=now_s)
    room.tell(connection, reach, node, kind="trashed", event=contract.NODE_TRASHED)
