"""What Drive tells other apps of this house, and its own worker, about its files."""

import base64
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.children.text import can_read
from synfonium.apps.drive.contract import ROOT, Described, address_of
from synfonium.apps.drive.errors import ContentDamaged, Quarantined, SpaceLocked
from synfonium.apps.drive.model import Node, NodeId, Space
from synfonium.apps.drive.service.files import Content, Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.vaults import within_any
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

    path: Sequence[Node]
    space: Space

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
        """Those of the nodes that are files, out of the trash and of vaults; without their content."""
        found = await self._room.read(lambda c: _open_ones(c, ids))
        return [self._source(one) for one in found if one.node.is_file]

    def _source(self, found: _Found) -> TextSource:
        # The search keeps words in plain: those under another's key must not outlive its withdrawal.
        has_text = not self._room.keys.is_foreign(found.space) and can_read(found.node.media_type)
        return TextSource(
            file=_described(found.node, found.space),
            has_text=has_text and found.node.size_bytes > 0,
            path=found.addresses,
            revision=found.node.etag,
        )

    async def standing(self, ids: Sequence[NodeId]) -> list[NodeId]:
        """Those of the nodes that exist, and are not in the trash nor in a vault."""
        return [one.node.id for one in await self._room.read(lambda c: _open_ones(c, ids))]

    async def text_of(self, node: NodeId) -> str:
        """The first 2 MiB, base64; empty for what has gone meanwhile, or has no text."""
        content = await self._room.read(lambda c: _content(c, node))
        if content is None or not can_read(content.node.media_type):
            return ""
        if self._room.keys.is_foreign(content.space):
            return ""
        return base64.b64encode(await self._start(content)).decode()

    async def _start(self, content: Content) -> bytes:
        try:
            return b"".join([piece async for piece in self._files.read(content, 0, TEXT_SOURCE_BYTES)])
        except (ContentDamaged, Quarantined, SpaceLocked):
            # Others have told of it; whoever searches finds the file by its name.
            return b""


def _content(connection: Connection, node: NodeId) -> Content | None:
    found = _find(connection, node)
    stored = versions.stored_of(connection, found.node.version) if found and found.node.version else None
    if found is None or stored is None:
        return None
    return Content(node=found.node, space=found.space, blob=stored[0], sealed=stored[1])


def _find(connection: Connection, node: NodeId) -> _Found | None:
    return next(iter(_find_all(connection, [node])), None)


def _find_all(connection: Connection, ids: Sequence[NodeId]) -> list[_Found]:
    """Those of the nodes that exist and are not in the trash. A folder is looked at once, however many
    of them lie in it."""
    found = nodes.find_all(connection, ids)
    parents = {node.parent for node in found.values() if node.parent}
    above = {parent: nodes.path(connection, parent) for parent in parents}
    kept = {id_: spaces.by_id(connection, id_) for id_ in {node.space for node in found.values()}}
    paths = [[*(above[node.parent] if node.parent else ()), node] for node in found.values()]
    return [
        _Found(path, space)
        for path in paths
        if (space := kept[path[-1].space]) is not None and path[0].id == space.root
    ]


def _open_ones(connection: Connection, ids: Sequence[NodeId]) -> list[_Found]:
    """As `_find_all`, without what lies in vaults: nobody can search for a name that is sealed."""
    found = _find_all(connection, ids)
    shut = within_any(connection, {step.id for one in found for step in one.path if not step.is_file})
    return [one for one in found if not any(step.id in shut for step in one.path)]


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
