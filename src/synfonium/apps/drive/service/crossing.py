"""From one space to another: the bytes are sealed anew under the other space's key, then the rows are
made and, for a move, the old ones put into the trash, in one transaction: whole or not at all."""

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NameTaken, NoSuchNode, TooMany, TopStays, WrongState
from synfonium.apps.drive.model import ANY, BlobName, Expected, Name, Node, NodeId, VersionId
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import check_expected, check_fit, folder_within
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import nodes, properties, versions
from synfonium.common.ids import new_id

MAX_COPY_NODES = 10_000
AT_ONCE = 500
Clear = Callable[[Connection, Sequence[Node], Node], bool]
"""Makes the new place free; whether something had to give way."""


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A node after it was put somewhere; whether something else had to give way."""

    node: Node
    has_replaced: bool


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A node on its way, and its bytes under the other key."""

    node: Node
    blob: BlobName | None = None


class Crossing:
    """One node, with all below it, from `reach` to the folder `parent` of `into`."""

    def __init__(
        self, room: Room, reach: Reach, into: Reach, parent: NodeId, name: Name, tokens: frozenset[str]
    ) -> None:
        self._room, self._reach, self._into = room, reach, into
        self._parent, self._name, self._tokens = parent, name, tokens
        self._now_s = room.now_s()

    async def move(self, node: NodeId, expected: Expected, clear: Clear) -> Placed:
        """Raises as `Moving.move`, QuotaExceeded, TooMany, and WrongState when it changed meanwhile."""
        return await self._run(node, expected, clear, is_deep=True, moves=True)

    async def copy(self, node: NodeId, clear: Clear, *, is_deep: bool) -> Placed:
        """Raises as `Moving.copy`."""
        return await self._run(node, ANY, clear, is_deep=is_deep, moves=False)

    async def _run(
        self, node: NodeId, expected: Expected, clear: Clear, *, is_deep: bool, moves: bool
    ) -> Placed:
        if moves and node in (self._reach.top, self._reach.space.root):
            raise TopStays
        tree = await self._room.read(lambda c: self._look(c, node, expected, is_deep))
        async with self._room.gate.upload():
            carried = [await self._carry(one) for one in tree]

            def work(connection: Connection) -> Placed:
                return self._commit(connection, carried, clear, moves)

            placed = await self._room.write(self._into.space.id, work)
        self._room.signal.ring(self._reach.space.id)
        return placed

    def _look(self, connection: Connection, node: NodeId, expected: Expected, is_deep: bool) -> list[Node]:
        """The node and all below it, each after what it lies in."""
        source = within(connection, self._reach, node)
        check_expected(source, expected)
        path = folder_within(connection, self._into, self._parent)
        check_fit(connection, source, path)
        if source.id != self._into.space.root and is_deep:
            self._room.allowances.need_room(
                connection, self._into.space, self._into.allowance, source.size_bytes
            )
        found = [source]
        for one in found if is_deep else ():  # grows as it goes
            if not one.is_file:
                most = MAX_COPY_NODES - len(found)
                members = nodes.children_by_key(connection, one.id, after=b"", limit=most + 1)
                if len(members) > most:
                    raise TooMany
                found += members
        return found

    async def _carry(self, node: Node) -> Carried:
        if not node.is_file or node.version is None:
            return Carried(node=node)
        version = node.version
        blob = await self._room.read(lambda c: versions.blob_of(c, version))
        if blob is None:
            raise WrongState
        written = await self._room.sealed.write(await self._room.key(self._into.space), self._bytes(blob))
        return Carried(node=node, blob=BlobName(written.name))

    async def _bytes(self, blob: BlobName) -> AsyncIterator[bytes]:
        async for piece in self._room.sealed.read(await self._room.key(self._reach.space), blob, 0, None):
            yield piece

    def _commit(
        self, connection: Connection, carried: Sequence[Carried], clear: Clear, moves: bool
    ) -> Placed:
        source, now_s = carried[0].node, self._now_s
        there = within(connection, self._reach, source.id)
        if there.etag != source.etag:  # of a folder too: it changes with all below
            raise WrongState
        path = folder_within(connection, self._into, self._parent)
        check_fit(connection, source, path)
        self._room.allowances.need_room(
            connection,
            self._into.space,
            self._into.allowance,
            sum(one.node.size_bytes for one in carried if one.blob),
        )
        replaced = clear(connection, path, source)
        if nodes.child(connection, self._parent, self._name):
            raise NameTaken
        made = self._make(connection, carried)
        if moves:
            guard(
                connection,
                self._reach,
                self._tokens,
                now_s,
                node=source.id,
                member_of=source.parent,
                deep=True,
            )
            put_in_trash(self._room, connection, self._reach, there, now_s)
        return Placed(node=made, has_replaced=replaced)

    def _make(self, connection: Connection, carried: Sequence[Carried]) -> Node:
        etag, ids = new_id(self._now_s), {one.node.id: NodeId(new_id(self._now_s)) for one in carried}
        sizes = _sizes(carried)
        for one in carried:
            is_top = one is carried[0]
            parent = self._parent if is_top else ids[one.node.parent or NodeId("")]
            name = self._name if is_top else Name(one.node.name)
            self._add(connection, one, ids[one.node.id], parent, name, etag, sizes[one.node.id])
        top = ids[carried[0].node.id]
        for at in range(0, len(carried), AT_ONCE):
            kept = properties.of_nodes(connection, [one.node.id for one in carried[at : at + AT_ONCE]])
            for old, values in kept.items():
                properties.change(connection, ids[old], values)
        nodes.touch(
            connection, self._parent, added_bytes=sizes[carried[0].node.id], etag=etag, now_s=self._now_s
        )
        made = nodes.find(connection, top)
        if made is None:
            raise NoSuchNode
        self._room.tell(connection, self._into, made, kind="made")
        for one in carried:
            if one.blob:
                self._tell(connection, ids[one.node.id])
        return made

    def _add(
        self,
        connection: Connection,
        one: Carried,
        id_: NodeId,
        parent: NodeId,
        name: Name,
        etag: str,
        size_bytes: int,
    ) -> None:
        version = VersionId(new_id(self._now_s)) if one.blob else None
        if one.blob and version:
            new = versions.NewVersion(
                id=version,
                node=id_,
                space=self._into.space.id,
                blob=one.blob,
                size_bytes=size_bytes,
                modified_s=one.node.modified_s,
                author=self._into.person,
            )
            versions.add(connection, new, now_s=self._now_s)
        nodes.add(
            connection,
            id_=id_,
            space=self._into.space.id,
            parent=parent,
            name=name,
            etag=etag,
            now_s=self._now_s,
            modified_s=one.node.modified_s,
            is_file=one.node.is_file,
            size_bytes=size_bytes,
            media_type=media_type_of(name) if one.node.is_file else "",
            version=version,
        )

    def _tell(self, connection: Connection, node: NodeId) -> None:
        found = nodes.find(connection, node)
        assert found is not None
        self._room.tell(connection, self._into, found, kind="written", event=contract.FILE_WRITTEN)


def _sizes(carried: Sequence[Carried]) -> dict[NodeId, int]:
    """What each of them holds, of what is carried."""
    sizes = {one.node.id: one.node.size_bytes if one.node.is_file else 0 for one in carried}
    for one in reversed(carried[1:]):
        if one.node.parent in sizes:
            sizes[one.node.parent] += sizes[one.node.id]
    return sizes
