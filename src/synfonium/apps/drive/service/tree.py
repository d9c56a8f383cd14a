"""Finding, listing and making nodes."""

from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NameTaken, NoSuchNode, NotThatKind
from synfonium.apps.drive.model import Name, Node, NodeId
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import NO_TOKENS, checked_name, folder_within
from synfonium.apps.drive.service.room import Reach, Room, path_within
from synfonium.apps.drive.store import nodes, spaces
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A folder's content, one page of it. path: from the actor's top to the folder."""

    path: tuple[Node, ...]
    entries: tuple[Node, ...]
    has_more: bool


def add_folder(connection: Connection, reach: Reach, parent: NodeId, name: Name, now_s: float) -> Node:
    """A folder in a folder that has been checked."""
    etag, id_ = new_id(now_s), NodeId(new_id(now_s))
    nodes.add(connection, id_=id_, space=reach.space.id, parent=parent, name=name, etag=etag, now_s=now_s)
    nodes.touch(connection, parent, added_bytes=0, etag=etag, now_s=now_s)
    made = nodes.find(connection, id_)
    assert made is not None
    return made


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

    async def room_left(self, actor: Person) -> tuple[int, int | None]:
        """Bytes used by the space, and what may still be added: None for no limit."""
        reach = await self._room.reach(actor)
        allowances, space = self._room.allowances, reach.space
        return await self._room.read(
            lambda c: (spaces.used_bytes(c, space), allowances.free_bytes(c, space, reach.allowance))
        )

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
            made = add_folder(connection, reach, parent, name, now_s)
            self._room.tell(connection, reach, made, kind="made")
            return made

        return await self._room.write(reach.space.id, work)

    async def ensure_folders(self, actor: Person, parent: NodeId, names: Sequence[str]) -> NodeId:
        """The folder at the end of a path below `parent`, made as far as it is missing.

        Raises as `make_folder`, and NotThatKind when a file stands in the way.
        """
        for name in names:
            found = await self._room.read(partial(nodes.child, parent=parent, name=name))
            if found is None:
                try:
                    found = await self.make_folder(actor, parent, name)
                except NameTaken:  # made by another upload just now
                    found = await self._room.read(partial(nodes.child, parent=parent, name=name))
            if found is None or found.is_file:
                raise NotThatKind
            parent = found.id
        return parent


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
