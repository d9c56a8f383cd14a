"""Writing and reading the bytes of files: whole or not at all."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import (
    Cut,
    NameTaken,
    NoSuchNode,
    NotThatKind,
    QuotaExceeded,
)
from synfonium.apps.drive.model import ANY, BlobName, Expected, Name, Node, NodeId, Space, VersionId
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import (
    NO_TOKENS,
    check_expected,
    checked_name,
    folder_within,
    free_name,
)
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import nodes, versions
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge

WhenTaken = Literal["replace", "number"]
"""Whether a file of that name gets the content, or the new file a number after its name."""

Most = tuple[int | None, QuotaExceeded]
"""How many bytes a file may have, None for no limit, and what to say of more."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file after its content was written; whether it is new."""

    node: Node
    is_new: bool


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """What comes with the bytes of a file. announced_bytes: how many there must be.
    checksums: of the content, by their kind (see service.checksums)."""

    modified_s: float | None = None
    checksums: Mapping[str, bytes] = {}
    announced_bytes: int | None = None


class Freeing(msgspec.Struct, frozen=True, kw_only=True):
    """What goes in the same commit as a file comes: it is counted no more, or nothing is done.
    run: raises when it is gone already."""

    held_bytes: int
    run: Callable[[Connection], None]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A file's bytes, ready to be read: valid as long as anybody may still want them."""

    node: Node
    space: Space
    blob: BlobName


class Files:
    """Files of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

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
        if reach.allowance.is_limited:
            most = await self._room.read(lambda c: self._most_bytes(c, reach, place, freeing))
        sums = Checksums(incoming.checksums, also=("sha1",) if incoming.checksums else ())
        if incoming.announced_bytes is not None:
            self._check_size(incoming.announced_bytes, most)
        async with self._room.gate.upload():
            checked = self._checked(pieces, incoming, most, sums)
            blob = await self._room.sealed.write(self._room.key_of(reach.space), checked)
            bytes_ = (BlobName(blob.name), blob.size_bytes, sums.digest("sha1"))
            commit = _Commit(self._room, reach, place, *bytes_, incoming)

            def work(connection: Connection) -> Written:
                if freeing:
                    freeing.run(connection)
                return commit.run(connection, expected, tokens)

            written = await self._room.write(reach.space.id, work)
        if not written.is_new:
            self._room.replaced.note(reach.space.id, commit.replaced_bytes, reach.allowance.most_bytes)
        return written

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
        return _whole(found, reach.space)

    async def content_of(self, actor: Person, node: Node) -> Content:
        """As `content`, for a file that `resolve` has just given."""
        reach = await self._room.reach(actor, at=node.id)
        found = await self._room.read(lambda c: (node, versions.blob_of(c, node.version or VersionId(""))))
        return _whole(found, reach.space)

    async def sha1_of(self, files: Sequence[Node]) -> dict[NodeId, bytes]:
        """Of those of the nodes (of `resolve`) that came with a checksum."""
        ids = [node.version for node in files if node.version]
        return await self._room.read(lambda c: versions.sha1_of(c, ids)) if ids else {}

    def read(self, content: Content, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Bytes [start, stop), each verified before it is given out. Raises ContentDamaged, at once
        where it is known."""
        self._room.damages.refuse(content.blob)
        pieces = self._room.sealed.read(self._room.key_of(content.space), content.blob, start, stop)
        return self._room.damages.watched(content.blob, content.space.id, pieces)

    async def begin(self, content: Content, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """As `read`, and the first of them has been verified: an answer may begin."""
        pieces = self.read(content, start, stop)
        first = await anext(pieces, b"")
        return _after(first, pieces)


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


def _content(connection: Connection, reach: Reach, node: NodeId) -> tuple[Node, BlobName | None]:
    found = within(connection, reach, node)
    return found, versions.blob_of(connection, found.version) if found.version else None


def _whole(found: tuple[Node, BlobName | None], space: Space) -> Content:
    node, blob = found
    if not node.is_file:
        raise NotThatKind
    if blob is None:
        raise NoSuchNode
    return Content(node=node, space=space, blob=blob)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file is written: under a name in a folder."""

    parent: NodeId
    name: Name
    when_taken: WhenTaken = "replace"


def _there(connection: Connection, reach: Reach, place: Place | None) -> Node | None:
    """What is at the place now; the top itself when there is none. Raises NotThatKind, NoSuchNode."""
    if place is not None:
        return nodes.child(connection, place.parent, place.name)
    top = within(connection, reach, reach.top)
    if not top.is_file:
        raise NotThatKind
    return top


class _Commit:
    """The row of bytes that are already durable."""

    def __init__(
        self,
        room: Room,
        reach: Reach,
        place: Place | None,
        blob: BlobName,
        size_bytes: int,
        sha1: bytes | None,
        incoming: Incoming,
    ) -> None:
        self._room, self._reach, self._place = room, reach, place
        self._blob, self._size_bytes = blob, size_bytes
        self._now_s = room.now_s()
        self._modified_s = self._now_s if incoming.modified_s is None else incoming.modified_s
        self._sha1 = sha1
        self.replaced_bytes = 0

    def run(self, connection: Connection, expected: Expected, tokens: frozenset[str]) -> Written:
        there = self._look(connection)
        if there is not None and not there.is_file:
            raise NotThatKind
        check_expected(there, expected)
        added = self._size_bytes - (there.size_bytes if there else 0)
        reach = self._reach
        self._room.allowances.need_room(connection, reach.space, reach.allowance, added)
        guard(
            connection,
            self._reach,
            tokens,
            self._now_s,
            node=there.id if there else None,
            member_of=None if there else self._parent,
        )
        node = self._put(connection, there, added)
        self._room.tell(
            connection,
            self._reach,
            node,
            kind="written" if there else "made",
            event=contract.FILE_WRITTEN,
        )
        return Written(node=node, is_new=there is None)

    def _look(self, connection: Connection) -> Node | None:
        """What gets the content, None for a new file; fixes its name and its folder."""
        place = self._place
        if place is None:
            there = _there(connection, self._reach, None)
            assert there is not None
            assert there.parent is not None
            self._parent, self._name = there.parent, Name(there.name)
            return there
        folder_within(connection, self._reach, place.parent)
        self._parent, self._name = place.parent, place.name
        if place.when_taken == "number":
            self._name = free_name(connection, self._parent, self._name)
        elif self._reach.is_reserved(self._parent, self._name):
            raise NameTaken
        return nodes.child(connection, self._parent, self._name)

    def _put(self, connection: Connection, there: Node | None, added: int) -> Node:
        etag, version = new_id(self._now_s), VersionId(new_id(self._now_s))
        id_ = there.id if there else NodeId(new_id(self._now_s))
        if there:
            self._supersede(connection, there)
        self._add_version(connection, id_, version)
        if there:
            nodes.replace_content(
                connection,
                id_,
                version=version,
                size_bytes=self._size_bytes,
                etag=etag,
                modified_s=self._modified_s,
            )
        else:
            self._add_node(connection, id_, version, etag)
        nodes.touch(connection, self._parent, added_bytes=added, etag=etag, now_s=self._now_s)
        node = nodes.find(connection, id_)
        assert node is not None
        return node

    def _supersede(self, connection: Connection, there: Node) -> None:
        """What is there becomes an old version."""
        self.replaced_bytes = there.size_bytes
        if there.version is not None:
            versions.supersede(connection, there.version, author=self._reach.person, now_s=self._now_s)

    def _add_node(self, connection: Connection, id_: NodeId, version: VersionId, etag: str) -> None:
        nodes.add(
            connection,
            id_=id_,
            space=self._reach.space.id,
            parent=self._parent,
            name=self._name,
            etag=etag,
            now_s=self._now_s,
            modified_s=self._modified_s,
            is_file=True,
            size_bytes=self._size_bytes,
            media_type=media_type_of(self._name),
            version=version,
        )

    def _add_version(self, connection: Connection, node: NodeId, version: VersionId) -> None:
        versions.add(
            connection,
            id_=version,
            node=node,
            space=self._reach.space.id,
            blob=self._blob,
            size_bytes=self._size_bytes,
            modified_s=self._modified_s,
            now_s=self._now_s,
            author=self._reach.person,
            sha1=self._sha1,
        )
