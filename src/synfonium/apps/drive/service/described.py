"""What the S3 API keeps with a file beside its bytes: one property, written before the answer goes out.

A crash between the file's commit and this one leaves a file that nobody was told of, whose etag is
then that of the tree.
"""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, unescape

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NotThatKind
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.places import checked_name
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.trash import Trash
from synfonium.apps.drive.service.tree import Tree
from synfonium.apps.drive.store import nodes, properties
from synfonium.kernel.actor import Person

__all__ = ["Described", "Describing", "described_of"]

NAME = "{urn:synfonium:s3}object"
_HEAD, _FOOT = '<object xmlns="urn:synfonium:s3">', "</object>"


class Described(msgspec.Struct, frozen=True, omit_defaults=True):
    """version: of the content that etag, checksum and parts are of. headers: given back as they came.
    is_composite: the checksum is one of the parts' checksums. is_implied: a folder that stands only because
    a key has a slash. upload: the id of the upload in parts that made it, for a client that lost the
    answer. parts: how many have which size, one after the other; part_sums: their checksums, joined."""

    version: str = ""
    etag: str = ""
    headers: dict[str, str] = {}
    meta: dict[str, str] = {}
    checksum: dict[str, str] = {}
    is_implied: bool = False
    upload: str = ""
    is_composite: bool = False
    parts: tuple[tuple[int, int], ...] = ()
    part_sums: bytes = b""

    def current(self, node: Node) -> "Described":
        """What holds of the content that the node has now."""
        if self.version == (node.version or ""):
            return self
        return Described(headers=self.headers, meta=self.meta, is_implied=self.is_implied)

    def etag_of(self, node: Node) -> str:
        return self.etag if self.etag and self.version == (node.version or "") else node.etag


def described_of(kept: Mapping[str, str]) -> Described | None:
    xml = kept.get(NAME, "")
    if not xml.startswith(_HEAD):
        return None
    try:
        return msgspec.json.decode(unescape(xml[len(_HEAD) : -len(_FOOT)]), type=Described)
    except msgspec.DecodeError:
        return None  # A client wrote over it by PROPPATCH.


def xml_of(described: Described) -> str:
    return f"{_HEAD}{escape(msgspec.json.encode(described).decode())}{_FOOT}"


class Describing:
    """What is known of files, and folders that stand only because keys have slashes."""

    def __init__(self, room: Room, tree: Tree, trash: Trash) -> None:
        self._room, self._tree, self._trash = room, tree, trash

    async def of(self, ids: Sequence[NodeId]) -> dict[NodeId, Described]:
        kept = await self._room.read(lambda c: properties.of_nodes(c, ids))
        found = {id_: described_of(words) for id_, words in kept.items()}
        return {id_: described for id_, described in found.items() if described}

    async def keep(self, node: Node, described: Described) -> Described:
        """Beside the content that the node has now."""
        made = msgspec.structs.replace(described, version=node.version or "")

        def work(connection: Connection) -> None:
            there = nodes.find(connection, node.id)
            if there is not None and there.version == node.version:
                properties.change(connection, node.id, {NAME: xml_of(made)})

        await self._room.context.database.write(work)
        return made

    async def folders(self, actor: Person, top: NodeId, names: Sequence[str]) -> NodeId:
        """The folder at the end of the path; those that are missing are made, and go when they are empty.

        Raises as `Tree.ensure_folders`.
        """
        for name in names:
            checked = checked_name(name)
            there = await self._room.read(lambda c, at=top, n=checked: nodes.child(c, at, n))  # type: ignore[misc]
            if there is None:
                made = await self._tree.ensure_folders(actor, top, [name])
                there = await self._tree.node(actor, made)
                await self.keep(there, Described(is_implied=True))
            if there.is_file:
                raise NotThatKind
            top = there.id
        return top

    async def prune(self, actor: Person, top: NodeId, folder: NodeId) -> None:
        """Removes the folder, and those above it up to the top, as far as they are empty and stood only
        because of a key."""
        path = [node.id for node in await self._tree.path(actor, folder)]
        below = path[path.index(top) + 1 :] if top in path else []
        for id_ in reversed(below):
            if not await self._room.read(lambda c, at=id_: _is_left(c, at)):  # type: ignore[misc]
                return
            await self._trash.put(actor, [id_])
            await self._trash.remove(actor, [id_])


def _is_left(connection: Connection, folder: NodeId) -> bool:
    described = described_of(properties.of_nodes(connection, [folder]).get(folder, {}))
    is_empty = not nodes.children_by_key(connection, folder, after=b"", limit=1)
    return described is not None and described.is_implied and is_empty
