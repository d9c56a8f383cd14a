"""Moving, renaming and copying."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import IntoItself, NameTaken, TooMany
from synfonium.apps.drive.model import ANY, Expected, Name, Node, NodeId, VersionId
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.crossing import MAX_COPY_NODES, Clear, Crossing, Placed
from synfonium.apps.drive.service.facts import told_path
from synfonium.apps.drive.service.guard import guard, release_below
from synfonium.apps.drive.service.places import (
    NO_TOKENS,
    check_expected,
    check_fit,
    checked_name,
    folder_within,
    movable,
)
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import nodes, properties, versions
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person

Properties = Mapping[NodeId, Mapping[str, str]]


class Moving:
    """Puts nodes of one actor's reach elsewhere."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def move(
        self,
        actor: Person,
        node: NodeId,
        parent: NodeId,
        name: str,
        *,
        overwrite: bool = False,
        tokens: frozenset[str] = NO_TOKENS,
        expected: Expected = ANY,
        to: Person | None = None,
    ) -> Placed:
        """Puts a node elsewhere, or renames it; all below comes along at no cost.

        With `overwrite`, what stands there goes into the trash. to: the actor by the right that
        reaches the new place, when it is another than the one for the node. Raises BadName, NameTaken,
        NoSuchNode, ParentMissing, IntoItself, TopStays, TooDeep, Locked, WrongState.
        """
        name = checked_name(name)
        if not actor.grants and await self._room.is_mount(actor, node, parent):
            return Placed(node=await self._room.put_mount(actor, node, parent, name), has_replaced=False)
        reach, into = await self._ends(actor, to, node, parent, moves=True)
        now_s = self._room.now_s()
        if into.space.id != reach.space.id:
            crossing = Crossing(self._room, reach, into, parent, name, tokens)
            return await crossing.move(
                node, expected, self._clear_there(into, name, overwrite, tokens, now_s)
            )

        def work(connection: Connection) -> Placed:
            source = movable(connection, reach, node)
            check_expected(source, expected)
            path = folder_within(connection, into, parent)
            return self._move(connection, reach, into, source, path, name, overwrite, tokens, now_s)

        return await self._room.write(reach.space.id, work)

    async def move_into(self, actor: Person, ids: Sequence[NodeId], parent: NodeId) -> None:
        """Puts nodes into a folder under their own names, all or none. Raises as `move`."""
        if not ids:
            return
        reach, into = await self._ends(actor, None, ids[0], parent, moves=True)
        now_s = self._room.now_s()
        if into.space.id != reach.space.id:
            # Each whole or not at all; between two spaces the bytes take a while.
            for id_ in ids:
                source = await self._room.read(partial(within, reach=reach, node=id_))
                await self.move(actor, id_, parent, source.name)
            return

        def work(connection: Connection) -> None:
            for id_ in ids:
                source = movable(connection, reach, id_)
                path = folder_within(connection, into, parent)
                self._move(connection, reach, into, source, path, Name(source.name), False, NO_TOKENS, now_s)

        await self._room.write(reach.space.id, work)

    async def _ends(
        self, actor: Person, to: Person | None, node: NodeId, parent: NodeId, *, moves: bool
    ) -> tuple[Reach, Reach]:
        """What reaches the node and what reaches its new place; of what stays only reading is asked."""
        reach = await self._room.reach(actor, write=moves, at=node)
        return reach, await self._room.reach(to or actor, write=True, at=parent)

    def _clear_there(
        self, into: Reach, name: Name, overwrite: bool, tokens: frozenset[str], now_s: float
    ) -> Clear:
        def clear(connection: Connection, path: Sequence[Node], source: Node) -> bool:
            return self._clear(connection, into, path, name, source, overwrite, tokens, now_s)

        return clear

    def _move(
        self,
        connection: Connection,
        reach: Reach,
        into: Reach,
        source: Node,
        path: Sequence[Node],
        name: Name,
        overwrite: bool,
        tokens: frozenset[str],
        now_s: float,
    ) -> Placed:
        check_fit(connection, source, path)
        guard(connection, reach, tokens, now_s, node=source.id, member_of=source.parent, deep=True)
        replaced = self._clear(connection, into, path, name, source, overwrite, tokens, now_s)
        moved = self._place(connection, reach, source, path[-1].id, name, now_s)
        return Placed(node=moved, has_replaced=replaced)

    def _clear(
        self,
        connection: Connection,
        reach: Reach,
        path: Sequence[Node],
        name: Name,
        source: Node,
        overwrite: bool,
        tokens: frozenset[str],
        now_s: float,
    ) -> bool:
        """Makes the place free. Raises NameTaken, IntoItself, Locked."""
        parent = path[-1].id
        if reach.is_reserved(parent, name):
            raise NameTaken
        there = nodes.child(connection, parent, name)
        if there is None or there.id == source.id:
            guard(connection, reach, tokens, now_s, member_of=parent)
            return False
        if not overwrite:
            raise NameTaken
        if there.id in nodes.ancestors(connection, source.id):
            raise IntoItself
        guard(connection, reach, tokens, now_s, node=there.id, member_of=parent, deep=True)
        put_in_trash(self._room, connection, reach, there, now_s)
        return True

    def _place(
        self, connection: Connection, reach: Reach, source: Node, parent: NodeId, name: Name, now_s: float
    ) -> Node:
        etag = new_id(now_s)
        media_type = media_type_of(name) if source.is_file else ""
        release_below(connection, reach, source.id, now_s)
        nodes.place(connection, source.id, parent=parent, name=name, etag=etag, media_type=media_type)
        if source.parent == parent:
            nodes.touch(connection, parent, added_bytes=0, etag=etag, now_s=now_s)
        else:
            assert source.parent is not None
            nodes.touch(connection, source.parent, added_bytes=-source.size_bytes, etag=etag, now_s=now_s)
            nodes.touch(connection, parent, added_bytes=source.size_bytes, etag=etag, now_s=now_s)
        moved = nodes.find(connection, source.id)
        assert moved is not None
        self._room.tell(
            connection, reach, moved, kind="moved", event=contract.FILE_MOVED, before=source.parent
        )
        return moved

    async def copy(
        self,
        actor: Person,
        node: NodeId,
        parent: NodeId,
        name: str,
        *,
        is_deep: bool = True,
        overwrite: bool = False,
        tokens: frozenset[str] = NO_TOKENS,
        to: Person | None = None,
    ) -> Placed:
        """Copies a node, with all below unless not `is_deep`; bytes are shared, not copied.

        Raises as `move` does, TooMany for more than 10,000 nodes and QuotaExceeded.
        """
        name = checked_name(name)
        reach, into = await self._ends(actor, to, node, parent, moves=False)
        now_s = self._room.now_s()
        if into.space.id != reach.space.id:
            crossing = Crossing(self._room, reach, into, parent, name, tokens)
            return await crossing.copy(
                node, self._clear_there(into, name, overwrite, tokens, now_s), is_deep=is_deep
            )

        def work(connection: Connection) -> Placed:
            source = within(connection, reach, node)
            path = folder_within(connection, into, parent)
            check_fit(connection, source, path)
            if is_deep or source.is_file:
                self._room.allowances.need_room(connection, into.space, into.allowance, source.size_bytes)
            replaced = self._clear(connection, into, path, name, source, overwrite, tokens, now_s)
            if not replaced and nodes.child(connection, parent, name):
                raise NameTaken  # onto itself
            copied = _Copy(self._room, connection, into, now_s).run(source, parent, name, is_deep)
            return Placed(node=copied, has_replaced=replaced)

        return await self._room.write(reach.space.id, work)


class _Copy:
    """One copy, level by level, inside a transaction."""

    def __init__(self, room: Room, connection: Connection, reach: Reach, now_s: float) -> None:
        self._room, self._connection, self._reach, self._now_s = room, connection, reach, now_s
        self._etag = new_id(now_s)
        self._count = 0
        self._told: dict[NodeId, str] = {}

    def run(self, source: Node, parent: NodeId, name: Name, is_deep: bool) -> Node:
        top = self._one(source, parent, name, properties.of_nodes(self._connection, [source.id]))
        level = [(source, top)] if is_deep and not source.is_file else []
        while level:
            level = [pair for old, new in level for pair in self._members(old, new)]
        size_bytes = source.size_bytes if is_deep or source.is_file else 0
        nodes.touch(self._connection, parent, added_bytes=size_bytes, etag=self._etag, now_s=self._now_s)
        copied = nodes.find(self._connection, top)
        assert copied is not None
        self._room.tell(self._connection, self._reach, copied, kind="made")
        if not is_deep and not source.is_file:
            nodes.set_size(self._connection, top, 0)
            return msgspec.structs.replace(copied, size_bytes=0)
        return copied

    def _members(self, old: Node, new: NodeId) -> list[tuple[Node, NodeId]]:
        room_left = MAX_COPY_NODES - self._count
        members = nodes.children_by_key(self._connection, old.id, after=b"", limit=room_left + 1)
        if len(members) > room_left:
            raise TooMany
        kept = properties.of_nodes(self._connection, [member.id for member in members])
        pairs = [(member, self._one(member, new, Name(member.name), kept)) for member in members]
        return [(member, id_) for member, id_ in pairs if not member.is_file]

    def _one(self, source: Node, parent: NodeId, name: Name, kept: Properties) -> NodeId:
        self._count += 1
        id_ = NodeId(new_id(self._now_s))
        version = self._version(source, id_) if source.version else None
        nodes.add(
            self._connection,
            id_=id_,
            space=self._reach.space.id,
            parent=parent,
            name=name,
            etag=self._etag,
            now_s=self._now_s,
            modified_s=source.modified_s,
            is_file=source.is_file,
            size_bytes=source.size_bytes,
            media_type=media_type_of(name) if source.is_file else "",
            version=version,
        )
        if source.id in kept:
            properties.change(self._connection, id_, kept[source.id])
        if source.is_file:
            self._tell_written(id_, parent)
        return id_

    def _version(self, source: Node, node: NodeId) -> VersionId:
        assert source.version is not None
        return versions.copy(
            self._connection, source.version, node=node, author=self._reach.person, now_s=self._now_s
        )

    def _tell_written(self, node: NodeId, parent: NodeId) -> None:
        space = self._reach.space
        above = self._told.get(parent) or told_path(self._connection, space, parent)
        self._told[parent] = above
        facts = {"kind": "file", "owner": space.owner, "path": f"{contract.address_of(node)} {above}"}
        self._room.context.outbox.add(
            self._connection, contract.FILE_WRITTEN, contract.address_of(node), facts
        )
