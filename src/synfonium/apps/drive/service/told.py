"""What Drive tells other apps of this house about its files (see contract.py)."""

import base64

from sqlalchemy import Connection

from synfonium.apps.drive.contract import TEXT_SOURCE_BYTES, Described, FilesBelow, TextSource
from synfonium.apps.drive.model import BlobName, Node, NodeId, Space
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import nodes, spaces, versions

FILES_AT_ONCE = 1_000
_Found = tuple[Node, Space, BlobName | None]


class Told:
    """Answers without an actor; reached by commands alone, never by a door."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files

    async def describe(self, node: NodeId) -> Described | None:
        """None for what does not exist or is in the trash."""
        found = await self._room.read(lambda c: _find(c, node))
        return _described(found[0], found[1]) if found else None

    async def text_source(self, node: NodeId) -> TextSource | None:
        """The file's first 2 MiB. None for a folder, and as `describe`."""
        found = await self._room.read(lambda c: _find(c, node))
        file, space, blob = found or (None, None, None)
        if file is None or space is None or blob is None:
            return None
        content = Content(node=file, space=space, blob=blob)
        pieces = [piece async for piece in self._files.read(content, 0, TEXT_SOURCE_BYTES)]
        start = b"".join(pieces)
        return TextSource(
            file=_described(file, space),
            content=base64.b64encode(start).decode(),
            is_whole=len(start) == file.size_bytes,
        )

    async def files_below(self, node: NodeId, after: str) -> FilesBelow:
        found = await self._room.read(lambda c: nodes.files_below(c, node, after=after, limit=FILES_AT_ONCE))
        return FilesBelow(files=tuple(found), after=found[-1] if len(found) == FILES_AT_ONCE else "")


def _find(connection: Connection, node: NodeId) -> _Found | None:
    path = nodes.path(connection, node)
    space = spaces.by_id(connection, path[0].space) if path else None
    if space is None or path[0].id != space.root:
        return None
    blob = versions.blob_of(connection, path[-1].version) if path[-1].version else None
    return path[-1], space, blob


def _described(node: Node, space: Space) -> Described:
    return Described(
        node=node.id,
        owner=space.owner,
        name=node.name,
        kind=node.kind,
        media_type=node.media_type,
        size_bytes=node.size_bytes,
        modified_s=node.modified_s,
        parent=node.parent or "",
    )
