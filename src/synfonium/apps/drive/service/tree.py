"""Finding, listing, making, moving and copying nodes."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import (
    BadName,
    IntoItself,
    NameTaken,
    NoSuchNode,
    NotThatKind,
    ParentMissing,
    TooDeep,
    TooMany,
    TopStays,
    WrongState,
)
from synfonium.apps.drive.model import ABSENT, ANY, Expected, IllegalName, Name, Node, NodeId, VersionId
from synfonium.apps.drive.model.media import media_type_of
from synfonium.apps.drive.model.names import MAX_DEPTH, legal_name
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.guard import guard, release_below
from synfonium.apps.drive.service.quota import free_bytes, need_room
from synfonium.apps.drive.service.room import Reach, Room, path_within, within
from synfonium.apps.drive.store import nodes, properties, versions
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person

MAX_COPY_NODES = 10_000
NO_TOKENS: frozenset[str] = frozenset()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A folder's content, one page of it. path: from the actor's top to the folder."""

    path: tuple[Node, ...]
    entries: tuple[Node, ...]
    has_more: bool


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A node after it was put somewhere; whether something else had to give way."""

    node: Node
    has_replaced: bool


def checked_name(text: str) -> Name:
    """Raises BadName."""
    try:
        return legal_name(text)
    except IllegalName as error:
        raise BadName(reason=str(error)) from None


def folder_within(connection: Connection, reach: Reach, node: NodeId) -> list[Node]:
    """Path to a folder that may get members. Raises ParentMissing, NotThatKind, TooDeep."""
    path = path_within(connection, reach, node)
    if not path:
        raise ParentMissing
    if path[-1].is_file:
        raise NotThatKind
    if len(path) > MAX_DEPTH:
        raise TooDeep
    return path


def check_expected(found: Node | None, expected: Expected) -> None:
    """Raises WrongState when the place is not as the request expects."""
    if expected != ANY and (found.etag if found else ABSENT) != expected:
        raise WrongState


class Tree:
    """The tree of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def top(self, actor: Person) -> Node:
        reach = await self._room.reach(actor)
        return await self.node(actor, reach.top)

    async def node(self, actor: Person, node: NodeId) -> Node:
        """Raises NoSuchNode."""
        return (await self.path(actor, node))[-1]

    async def path(self, actor: Person, node: NodeId) -> tuple[Node, ...]:
        """From the actor's top to the node. Raises NoSuchNode."""
        reach = await self._room.reach(actor)
        found = await self._room.read(lambda c: path_within(c, reach, node))
        if not found:
            raise NoSuchNode
        return tuple(found)

    async def resolve(self, actor: Person, names: Sequence[str]) -> list[Node]:
        """The nodes along a path, the actor's top first, as far as they exist.

        Complete when there is one more of them than names. Empty when even the top, a
        grant's object, is gone or in the trash.
        """
        reach = await self._room.reach(actor)
        return await self._room.read(lambda c: _walk(c, reach, names))

    async def listing(
        self, actor: Person, folder: NodeId | None = None, *, after: NodeId | None = None, limit: int = 200
    ) -> Listing:
        """Folders first, then by name. `after`: the last node of the page before; one that
        is gone begins at the start. Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor)
        return await self._room.read(lambda c: _list(c, reach, folder or reach.top, after, limit))

    async def members(self, folder: Node, *, after: bytes, limit: int) -> list[Node]:
        """Children in key order, those after the key. `folder` comes from `resolve`."""
        return await self._room.read(lambda c: nodes.children_by_key(c, folder.id, after=after, limit=limit))

    async def free_bytes(self, actor: Person) -> int | None:
        """What may still be added to the space; None for no limit."""
        reach = await self._room.reach(actor)
        return await self._room.read(lambda c: free_bytes(self._room, c, reach))

    async def folders(self, actor: Person, parent: NodeId | None = None, *, limit: int = 500) -> Listing:
        """Only the folders in a folder, for choosing one."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> Listing:
            path = path_within(connection, reach, parent or reach.top)
            entries = nodes.folders(connection, path[-1].id, limit=limit) if path else []
            return Listing(path=tuple(path), entries=tuple(entries), has_more=len(entries) == limit)

        found = await self._room.read(work)
        if not found.path:
            raise NoSuchNode
        return found

    async def make_folder(
        self, actor: Person, parent: NodeId, name: str, *, tokens: frozenset[str] = NO_TOKENS
    ) -> Node:
        """Raises BadName, NameTaken, ParentMissing, TooDeep, Locked."""
        reach, name = await self._room.reach(actor, write=True), checked_name(name)
        now_s = self._room.now_s()

        def work(connection: Connection) -> Node:
            folder_within(connection, reach, parent)
            if nodes.child(connection, parent, name):
                raise NameTaken
            guard(connection, reach, tokens, now_s, member_of=parent)
            made = make_folder(connection, reach, parent, name, now_s)
            self._room.tell(connection, reach, made, kind="made")
            return made

        return await self._room.write(reach.space.id, work)

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
    ) -> Placed:
        """Puts a node elsewhere, or renames it; all below comes along at no cost.

        With `overwrite`, what stands there goes into the trash. Raises BadName, NameTaken,
        NoSuchNode, ParentMissing, IntoItself, TopStays, TooDeep, Locked, WrongState.
        """
        reach, name = await self._room.reach(actor, write=True), checked_name(name)
        now_s = self._room.now_s()

        def work(connection: Connection) -> Placed:
            source = _movable(connection, reach, node)
            check_expected(source, expected)
            path = folder_within(connection, reach, parent)
            _check_fit(connection, source, path)
            guard(connection, reach, tokens, now_s, node=source.id, member_of=source.parent, deep=True)
            replaced = self._clear(connection, reach, path, name, source, overwrite, tokens, now_s)
            moved = self._place(connection, reach, source, parent, name, now_s)
            return Placed(node=moved, has_replaced=replaced)

        return await self._room.write(reach.space.id, work)

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
        moved = within(connection, reach, source.id)
        self._room.tell(connection, reach, moved, kind="moved", event=contract.FILE_MOVED)
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
    ) -> Placed:
        """Copies a node, with all below unless not `is_deep`; bytes are shared, not copied.

        Raises as `move` does, TooMany for more than 10,000 nodes and QuotaExceeded.
        """
        reach, name = await self._room.reach(actor, write=True), checked_name(name)
        now_s = self._room.now_s()

        def work(connection: Connection) -> Placed:
            source = within(connection, reach, node)
            path = folder_within(connection, reach, parent)
            _check_fit(connection, source, path)
            if is_deep or source.is_file:
                need_room(self._room, connection, reach, source.size_bytes)
            replaced = self._clear(connection, reach, path, name, source, overwrite, tokens, now_s)
            if not replaced and nodes.child(connection, parent, name):
                raise NameTaken  # onto itself
            copied = _Copy(self._room, connection, reach, now_s).run(source, parent, name, is_deep)
            return Placed(node=copied, has_replaced=replaced)

        return await self._room.write(reach.space.id, work)


def make_folder(connection: Connection, reach: Reach, parent: NodeId, name: Name, now_s: float) -> Node:
    """A folder in a folder that has been checked."""
    etag, id_ = new_id(now_s), NodeId(new_id(now_s))
    nodes.add(connection, id_=id_, space=reach.space.id, parent=parent, name=name, etag=etag, now_s=now_s)
    nodes.touch(connection, parent, added_bytes=0, etag=etag, now_s=now_s)
    made = nodes.find(connection, id_)
    assert made is not None
    return made


def _walk(connection: Connection, reach: Reach, names: Sequence[str]) -> list[Node]:
    path = path_within(connection, reach, reach.top)[-1:]
    for name in names[: MAX_DEPTH + 1]:
        if not path or path[-1].is_file:
            break
        step = nodes.child(connection, path[-1].id, name)
        if step is None:
            break
        path.append(step)
    return path


def _list(connection: Connection, reach: Reach, folder: NodeId, after: NodeId | None, limit: int) -> Listing:
    path = path_within(connection, reach, folder)
    if not path:
        raise NoSuchNode
    if path[-1].is_file:
        raise NotThatKind
    last = nodes.find(connection, after) if after else None
    last = last if last and last.parent == folder else None
    found = nodes.children(connection, folder, after=last, limit=limit + 1)
    return Listing(path=tuple(path), entries=tuple(found[:limit]), has_more=len(found) > limit)


def _movable(connection: Connection, reach: Reach, node: NodeId) -> Node:
    if node in (reach.top, reach.space.root):
        raise TopStays
    return within(connection, reach, node)


def _check_fit(connection: Connection, source: Node, path: Sequence[Node]) -> None:
    """Raises IntoItself and TooDeep."""
    if any(step.id == source.id for step in path):
        raise IntoItself
    below = 0 if source.is_file else nodes.height(connection, source.id)
    if len(path) + 1 + below > MAX_DEPTH:
        raise TooDeep


class _Copy:
    """One copy, level by level, inside a transaction."""

    def __init__(self, room: Room, connection: Connection, reach: Reach, now_s: float) -> None:
        self._room, self._connection, self._reach, self._now_s = room, connection, reach, now_s
        self._etag = new_id(now_s)
        self._count = 0

    def run(self, source: Node, parent: NodeId, name: Name, is_deep: bool) -> Node:
        top = self._one(source, parent, name)
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
        pairs = [(member, self._one(member, new, Name(member.name))) for member in members]
        return [(member, id_) for member, id_ in pairs if not member.is_file]

    def _one(self, source: Node, parent: NodeId, name: Name) -> NodeId:
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
        properties.copy(self._connection, source.id, id_)
        if source.is_file:
            self._tell_written(id_)
        return id_

    def _version(self, source: Node, node: NodeId) -> VersionId:
        assert source.version is not None
        return versions.copy(
            self._connection, source.version, node=node, author=self._reach.person, now_s=self._now_s
        )

    def _tell_written(self, node: NodeId) -> None:
        facts = {"kind": "file", "owner": self._reach.space.owner}
        self._room.context.outbox.add(
            self._connection, contract.FILE_WRITTEN, contract.address_of(node), facts
        )
