"""Writing and reading the bytes of files: whole or not at all."""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import (
    Cut,
    NoSuchNode,
    NotThatKind,
    ParentMissing,
    Quarantined,
    QuotaExceeded,
)
from synfonium.apps.drive.model import ANY, BlobName, Expected, Node, NodeId, Space, VersionId, name_key
from synfonium.apps.drive.model.share import LinkId, ShareId
from synfonium.apps.drive.service.batch import FolderMoved, Freeing, Place, Put, WhenTaken, Written
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.places import (
    NO_TOKENS,
    checked_name,
)
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.service.together import Together
from synfonium.apps.drive.service.tree import walk
from synfonium.apps.drive.service.ways import Way, Ways
from synfonium.apps.drive.store import nodes, versions
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge
from synfonium.kernel.sealed_blobs import SMALL_BYTES, SmallBlob

Most = tuple[int | None, QuotaExceeded]
"""How many bytes a file may have, None for no limit, and what to say of more."""


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with the bytes of a file. announced_bytes: how many there must be.
    checksums: of the content, by their kind (see service.checksums)."""

    modified_s: float | None = None
    checksums: Mapping[str, bytes] = {}
    announced_bytes: int | None = None


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A file's bytes, ready to be read: valid as long as anybody may still want them. sealed: those
    of a small one, that were read with its row. shares, link: by which rows it is open, as in a Reach."""

    node: Node
    space: Space
    blob: BlobName
    sealed: bytes | None = None
    shares: tuple[ShareId, ...] = ()
    link: LinkId = LinkId("")


class Files:
    """Files of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._together = Together(room)
        self.ways = Ways()

    async def write(
        self,
        actor: Person,
        parent: NodeId,
        name: str,
        pieces: AsyncIterator[bytes],
        incoming: Incoming | None = None,
        *,
        expected: Expected = ANY,
        when_taken: WhenTaken = "replace",
        tokens: frozenset[str] = NO_TOKENS,
        freeing: Freeing | None = None,
    ) -> Written:
        """Makes the file, or gives it new content; when this returns it is durable.

        The bytes are sealed and synced before the row commits, so that a crash leaves the
        old content or the new. Raises BadName, ParentMissing, NotThatKind, NameTaken,
        WrongState, Locked, QuotaExceeded, TooLarge, ChecksumMismatch, Cut, StorageFull.
        """
        reach = await self._room.reach(actor, write=True, adds=when_taken == "number", at=parent)
        place = Place(parent=parent, name=checked_name(name), when_taken=when_taken)
        return await self._write(reach, place, pieces, incoming or Incoming(), expected, tokens, freeing)

    async def write_at(
        self,
        actor: Person,
        names: Sequence[str],
        pieces: AsyncIterator[bytes],
        incoming: Incoming,
        *,
        tokens: frozenset[str] = NO_TOKENS,
    ) -> Written | None:
        """As `write`, at a path of the actor's own drive whose folder is remembered; None, with nothing
        read of the pieces, when it is not."""
        reach = await self._room.reach(actor, write=True)
        way = tuple(map(name_key, names[:-1]))
        parent = self.ways.find(reach, way)
        if parent is None:
            return None
        place = Place(parent=parent, name=checked_name(names[-1]), way=way)
        return await self._write(reach, place, pieces, incoming, ANY, tokens)

    async def write_top(
        self,
        actor: Person,
        pieces: AsyncIterator[bytes],
        incoming: Incoming | None = None,
        *,
        expected: Expected = ANY,
        tokens: frozenset[str] = NO_TOKENS,
    ) -> Written:
        """New content for the one file that an actor was granted. Raises as `write`, and
        NotThatKind for a folder."""
        reach = await self._room.reach(actor, write=True)
        return await self._write(reach, None, pieces, incoming or Incoming(), expected, tokens)

    async def write_to(
        self,
        actor: Person,
        node: NodeId,
        pieces: AsyncIterator[bytes],
        incoming: Incoming | None = None,
        *,
        expected: Expected = ANY,
        tokens: frozenset[str] = NO_TOKENS,
    ) -> Written:
        """New content for a file that is there, wherever it stands. Raises as `write_top`."""
        reach = await self._room.reach(actor, write=True, at=node)
        await self._room.read(lambda c: within(c, reach, node))
        reach = msgspec.structs.replace(reach, top=node)
        return await self._write(reach, None, pieces, incoming or Incoming(), expected, tokens)

    async def _write(
        self,
        reach: Reach,
        place: "Place | None",
        pieces: AsyncIterator[bytes],
        incoming: Incoming,
        expected: Expected,
        tokens: frozenset[str],
        freeing: Freeing | None = None,
    ) -> Written:
        most: Most = (None, QuotaExceeded())
        # What is small is weighed at its commit alone.
        if reach.allowance.is_limited and not 0 <= (incoming.announced_bytes or -1) <= SMALL_BYTES:
            most = await self._room.read(lambda c: self._most_bytes(c, reach, place, freeing))
        sums = Checksums(incoming.checksums, also=("sha1",) if incoming.checksums else ())
        if incoming.announced_bytes is not None:
            self._check_size(incoming.announced_bytes, most)
        async with self._room.gate.upload():
            checked = self._checked(pieces, incoming, most, sums)
            name, size_bytes, small = await self._seal(reach.space, checked)
            put = Put(
                reach=reach,
                place=place,
                blob=name,
                size_bytes=size_bytes,
                small=small,
                expected=expected,
                tokens=tokens,
                modified_s=incoming.modified_s,
                sha1=sums.digest("sha1"),
                freeing=freeing,
            )
            try:
                return await self._together.write(put)
            except FolderMoved:
                return await self._together.write(await self._again(put))

    async def _again(self, put: Put) -> Put:
        """To the folder that stands now where another stood. Raises ParentMissing."""
        assert put.place is not None
        assert put.place.way is not None
        way = put.place.way
        self.ways.forget(put.reach, way)
        parent = await self._room.read(lambda c: _at(c, put.reach.top, way))
        return msgspec.structs.replace(put, place=msgspec.structs.replace(put.place, parent=parent, way=None))

    async def _seal(
        self, space: Space, pieces: AsyncIterator[bytes]
    ) -> tuple[BlobName, int, SmallBlob | None]:
        """The content's name and size, and what is small still undurable: it goes with the row."""
        key, first = await self._room.key(space), bytearray()
        async for piece in pieces:
            first += piece
            if len(first) > SMALL_BYTES:
                blob = await self._room.sealed.write(key, _after(bytes(first), pieces))
                return BlobName(blob.name), blob.size_bytes, None
        small = await self._room.sealed.seal(key, bytes(first))
        self._room.context.blobs.need_room(len(small.sealed))
        return BlobName(small.name), len(first), small

    def _most_bytes(
        self, connection: Connection, reach: Reach, place: "Place | None", freeing: Freeing | None
    ) -> Most:
        free, refusal = self._room.allowances.left(connection, reach.space, reach.allowance)
        if free is None:
            return None, refusal
        there = _there(connection, reach, place)
        free += freeing.held_bytes if freeing else 0
        return free + (there.size_bytes if there and there.is_file else 0), refusal

    def _check_size(self, size_bytes: int, most: Most) -> None:
        limit = self._room.config.max_file_bytes
        if limit and size_bytes > limit:
            raise TooLarge
        if most[0] is not None and size_bytes > most[0]:
            raise most[1]

    async def _checked(
        self, pieces: AsyncIterator[bytes], incoming: Incoming, most: Most, sums: Checksums
    ) -> AsyncIterator[bytes]:
        """The pieces, as long as they keep what was announced of them."""
        count = 0
        async for piece in pieces:
            count += len(piece)
            self._check_size(count, most)
            sums.update(piece)
            yield piece
        if incoming.announced_bytes is not None and count != incoming.announced_bytes:
            raise Cut
        sums.check()

    async def content(self, actor: Person, node: NodeId) -> Content:
        """Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor, at=node)
        found = await self._room.read(lambda c: _content(c, reach, node))
        return _whole(found, reach)

    async def content_of(self, actor: Person, node: Node) -> Content:
        """As `content`, for a file that `resolve` has just given."""
        reach = await self._room.reach(actor, at=node.id)
        found = await self._room.read(lambda c: (node, versions.stored_of(c, node.version or VersionId(""))))
        return _whole(found, reach)

    async def find(self, actor: Person, names: Sequence[str]) -> tuple[list[Node], Content | None]:
        """As `Tree.resolve`, and with what is there when it is a file of the actor's own space."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> tuple[list[Node], Stored | None]:
            path = walk(self._room, connection, reach, names)
            node = path[-1] if len(path) > len(names) else None
            if node is None or node.version is None or node.space != reach.space.id:
                return path, None
            return path, versions.stored_of(connection, node.version)

        path, stored = await self._room.read(work)
        return path, _whole((path[-1], stored), reach) if stored else None

    async def sha1_of(self, files: Sequence[Node]) -> dict[NodeId, bytes]:
        """Of those of the nodes (of `resolve`) that came with a checksum."""
        return await self._room.read(lambda c: versions.sha1_of(c, files)) if files else {}

    def read(self, content: Content, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Bytes [start, stop), each verified before it is given out. Raises ContentDamaged, at once
        where it is known, and Quarantined."""
        self._room.damages.refuse(content.blob)
        if content.blob in self._room.harmful:
            raise Quarantined
        key = self._room.key_of(content.space)
        if content.sealed is not None:
            pieces = self._room.sealed.read_small(key, SmallBlob(content.blob, content.sealed), start, stop)
        else:
            pieces = self._room.sealed.read(key, content.blob, start, stop)
        return self._room.damages.watched(content.blob, content.space.id, pieces)

    async def begin(self, content: Content, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """As `read`, and the first of them has been verified: an answer may begin. Raises SpaceLocked."""
        await self._room.keys.need(content.space)
        pieces = self.read(content, start, stop)
        first = await anext(pieces, b"")
        return _after(first, pieces)


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


def _at(connection: Connection, top: NodeId, way: Way) -> NodeId:
    for key in way:
        step = nodes.child(connection, top, key.decode("utf-8", "surrogatepass"))
        if step is None or step.is_file:
            raise ParentMissing
        top = step.id
    return top


Stored = tuple[BlobName, bytes | None]


def _content(connection: Connection, reach: Reach, node: NodeId) -> tuple[Node, Stored | None]:
    found = within(connection, reach, node)
    return found, versions.stored_of(connection, found.version) if found.version else None


def _whole(found: tuple[Node, Stored | None], reach: Reach) -> Content:
    node, stored = found
    if not node.is_file:
        raise NotThatKind
    if stored is None:
        raise NoSuchNode
    blob, sealed = stored
    return Content(
        node=node, space=reach.space, blob=blob, sealed=sealed, shares=reach.shares, link=reach.link
    )


def _there(connection: Connection, reach: Reach, place: Place | None) -> Node | None:
    """What is at the place now; the top itself when there is none. Raises NotThatKind, NoSuchNode."""
    if place is not None:
        return nodes.child(connection, place.parent, place.name)
    top = within(connection, reach, reach.top)
    if not top.is_file:
        raise NotThatKind
    return top
