"""When folders were changed, as the source says: set at the end, because whatever comes into a folder
changes it."""

import struct
import tempfile
from functools import partial
from typing import BinaryIO, cast

from sqlalchemy import Connection

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import nodes
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person

_ROW = struct.Struct("<26sd")
AT_ONCE = 200


class FolderTimes:
    """Kept in a temporary file: there may be a million. since_s: folders that are older are the person's,
    and keep their time."""

    def __init__(self, room: Room, since_s: float) -> None:
        self._room, self._since_s = room, since_s
        self._kept = cast(BinaryIO, tempfile.TemporaryFile(dir=room.context.home))  # noqa: SIM115
        self._count = 0

    def add(self, folder: NodeId, modified_s: float) -> None:
        """In the order of the source: a folder before those in it."""
        self._kept.write(_ROW.pack(folder.encode(), modified_s))
        self._count += 1

    async def set(self, actor: Person, target: NodeId) -> None:
        """The innermost first: the time of a folder that holds another would be changed again."""
        reach = await self._room.reach(actor, write=True, at=target)
        while self._count:
            first = max(0, self._count - AT_ONCE)
            self._kept.seek(first * _ROW.size)
            rows = list(_ROW.iter_unpack(self._kept.read((self._count - first) * _ROW.size)))
            await self._room.write(reach.space.id, partial(self._set, reach=reach, rows=rows[::-1]))
            self._count = first

    def _set(self, connection: Connection, reach: Reach, rows: list[tuple[bytes, float]]) -> None:
        now_s = self._room.now_s()
        found = nodes.find_all(connection, [NodeId(id_.decode()) for id_, _time in rows])
        for id_, modified_s in rows:
            node = found.get(NodeId(id_.decode()))
            if node is None or node.space != reach.space.id or node.created_s < self._since_s:
                continue
            within(connection, reach, node.id)
            etag = new_id(now_s)
            nodes.set_modified(connection, node.id, modified_s=modified_s, etag=etag)
            if node.parent:
                nodes.touch(connection, node.parent, added_bytes=0, etag=etag, now_s=now_s)
            self._room.tell(connection, reach, node, kind="property")

    def close(self) -> None:
        self._kept.close()
