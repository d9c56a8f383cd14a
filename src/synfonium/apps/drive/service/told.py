"""What Drive tells other apps of this house, and its own worker, about its files."""

import base64
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.children.text import can_read
from synfonium.apps.drive.contract import ROOT, Described, address_of
from synfonium.apps.drive.errors import ContentDamaged, Quarantined
from synfonium.apps.drive.model import BlobName, Node, NodeId, Space
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import nodes, spaces, versions

TEXT_SOURCE_BYTES = 2 * 1024 * 1024


class TextSource(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose text is to be read. has_text: whether there is some to be had. path: addresses,
    its own first, up to the whole drive. revision: its etag."""

    file: Described
    has_text: bool
    path: tuple[str, ...]
    revision: str


class _Found(msgspec.Struct, frozen=True):
    """path: from the top down to the node."""

    path: list[Node]
    space: Space
    blob: BlobName | None

    @property
    def node(self) -> Node:
        return self.path[-1]

    @property
    def addresses(self) -> tuple[str, ...]:
        return (*(address_of(step.id) for step in reversed(self.path[1:])), ROOT)


class Told:
    """Answers without an actor; reached by commands alone, never by a door."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files

    async def describe(self, node: NodeId) -> Described | None:
        """None for what does not exist or is in the trash."""
        found = await self._room.read(lambda c: _find(c, node))
        return _described(found.node, found.space) if found else None

    async def text_sources(self, ids: Sequence[NodeId]) -> list[TextSource]:
        """Those of the nodes that are files, out of the trash; without their content."""
        found = await self._room.read(lambda c: [_find(c, node) for node in ids])
        return [_source(one) for one in found if one is not None and one.blob is not None]

    async def standing(self, ids: Sequence[NodeId]) -> list[NodeId]:
        """Those of the nodes that exist, and are not in the trash."""
        found = await self._room.read(lambda c: [_find(c, node) for node in ids])
        return [one.node.id for one in found if one is not None]

    async def text_of(self, node: NodeId) -> str:
        """The first 2 MiB, base64; empty for what has gone meanwhile, or has no text."""
        found = await self._room.read(lambda c: _find(c, node))
        if found is None or found.blob is None or not can_read(found.node.media_type):
            return ""
        return base64.b64encode(await self._start(found, found.blob)).decode()

    async def _start(self, found: _Found, blob: BlobName) -> bytes:
        content = Content(node=found.node, space=found.space, blob=blob)
        try:
            return b"".join([piece async for piece in self._files.read(content, 0, TEXT_SOURCE_BYTES)])
        except (
            ContentDamaged,
            Quarantined,
        ):  # others have told of it; whoever searches finds the file by its name
            return b""


def _source(found: _Found) -> TextSource:
    return TextSource(
        file=_described(found.node, found.space),
        has_text=can_read(found.node.media_type) and found.node.size_bytes > 0,
        path=found.addresses,
        revision=found.node.etag,
    )


def _find(connection: Connection, node: NodeId) -> _Found | None:
    path = nodes.path(connection, node)
    space = spaces.by_id(connection, path[0].space) if path else None
    if space is None or path[0].id != space.root:
        return None
    blob = versions.blob_of(connection, path[-1].version) if path[-1].version else None
    return _Found(path, space, blob)


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
