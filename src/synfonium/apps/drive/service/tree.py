"""Finding, listing and making nodes."""

from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NameTaken, NoSuchNode, NotThatKind
from synfonium.apps.drive.model import Name, Node, NodeId, name_key
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.model.order import Order
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.mounts import Mounted
from synfonium.apps.drive.service.places import NO_TOKENS, checked_name, folder_within
from synfonium.apps.drive.service.room import Reach, Room, path_within, within
from synfonium.apps.drive.store import nodes, ordered, spaces
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A folder's content, one page of it. path: from the actor's top to the folder. received: what is
    shared with the actor and stands here too; on the first page."""

    path: tuple[Node, ...]
    entries: tuple[Node, ...]
    has_more: bool
    received: tuple[Node, ...] = ()


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A long folder: its etag, how many members it has, and the last member of each of its pieces."""

    etag: str
    count: int
    marks: Sequence[NodeId]


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
        reach = await self._room.reach(actor, at=node)
        own = await self._room.reach(actor) if reach.shares and not actor.grants else None
        found = await self._room.read(lambda c: seen_path(self._room, c, reach, own, node))
        if not found:
            raise NoSuchNode
        return tuple(found)

    async def resolve(self, actor: Person, names: Sequence[str]) -> list[Node]:
        """The nodes along a path, the actor's top first, as far as they exist.

        Complete when there is one more of them than names. Empty when even the top, a
        grant's object, is gone or in the trash.
        """
        reach = await self._room.reach(actor)
        return await self._room.read(lambda c: walk(self._room, c, reach, names))

    async def listing(
        self,
        actor: Person,
        folder: NodeId | None = None,
        *,
        after: NodeId | None = None,
        limit: int = 200,
        order: Order = "name",
    ) -> Listing:
        """Folders first, then in `order`. `after`: the last node of the page before; one that
        is gone begins at the start. Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor, at=folder)
        own = await self._room.reach(actor) if reach.shares and not actor.grants else None
        return await self._room.read(lambda c: _list(self._room, c, reach, own, folder, after, limit, order))

    async def marks(self, actor: Person, folder: NodeId, order: Order, *, step: int) -> Marked:
        """Where the pieces of a long folder begin. Raises NoSuchNode."""
        reach = await self._room.reach(actor, at=folder)

        def work(connection: Connection) -> Marked:
            top = within(connection, reach, folder)
            mounted = self._room.mounted(connection, reach)
            return Marked(
                etag=(mounted.felt(top) if mounted else top).etag,
                count=ordered.count(connection, folder),
                marks=ordered.marks(connection, folder, order, step),
            )

        return await self._room.read(work)

    async def members(self, actor: Person, folder: Node, *, after: bytes, limit: int) -> list[Node]:
        """Children in key order, those after the key. `folder` comes from `resolve`."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> list[Node]:
            found = nodes.children_by_key(connection, folder.id, after=after, limit=limit)
            mounted = self._room.mounted(connection, reach) if folder.space == reach.space.id else None
            if mounted is None:
                return found
            added = [node for node in mounted.under.get(folder.id, ()) if name_key(node.name) > after]
            both = sorted([*map(mounted.felt, found), *added], key=lambda node: name_key(node.name))
            return both[:limit]

        return await self._room.read(work)

    async def members_within(self, actor: Person, folder: NodeId, *, after: bytes, limit: int) -> list[Node]:
        """As `members`, without mounts, for a folder that anybody named. Raises NoSuchNode."""
        reach = await self._room.reach(actor, at=folder)

        def work(connection: Connection) -> list[Node]:
            within(connection, reach, folder)
            return nodes.children_by_key(connection, folder, after=after, limit=limit)

        return await self._room.read(work)

    async def members_numbered(self, actor: Person, folder: NodeId, numbers: Sequence[int]) -> list[Node]:
        """Those of the folder's members, in the order of their names. Raises NoSuchNode."""
        reach = await self._room.reach(actor, at=folder)

        def work(connection: Connection) -> list[Node]:
            within(connection, reach, folder)
            return nodes.children_numbered(connection, folder, numbers)

        return await self._room.read(work)

    async def members_chosen(self, actor: Person, folder: NodeId, ids: Sequence[NodeId]) -> list[Node]:
        """Members of the folder by their ids. Raises NoSuchNode, also when one of them lies elsewhere."""
        reach = await self._room.reach(actor, at=folder)

        def work(connection: Connection) -> list[Node]:
            within(connection, reach, folder)
            found = nodes.find_all(connection, ids)
            return [found[id_] for id_ in ids if id_ in found and found[id_].parent == folder]

        members = await self._room.read(work)
        if len(members) < len(ids):
            raise NoSuchNode
        return members

    async def member(self, folder: NodeId, name: str) -> Node | None:
        """What has that name in a folder that the actor reaches."""
        return await self._room.read(lambda c: nodes.child(c, folder, name))

    async def room_left(self, actor: Person, at: NodeId | None = None) -> tuple[int, int | None]:
        """Bytes used by the space (in which `at` is), and what may still be added: None for no limit."""
        reach = await self._room.reach(actor, at=at)
        allowances, space = self._room.allowances, reach.space
        return await self._room.read(
            lambda c: (spaces.used_bytes(c, space), allowances.free_bytes(c, space, reach.allowance))
        )

    async def folders(self, actor: Person, parent: NodeId | None = None, *, limit: int = 500) -> Listing:
        """Only the folders in a folder, for choosing one."""
        reach = await self._room.reach(actor, at=parent)
        own = await self._room.reach(actor) if reach.shares and not actor.grants else None

        def work(connection: Connection) -> Listing:
            path = seen_path(self._room, connection, reach, own, parent or reach.top)
            entries = nodes.folders(connection, path[-1].id, limit=limit) if path else []
            mounted = self._room.mounted(connection, reach)
            if mounted and path:
                entries += [node for node in mounted.under.get(path[-1].id, ()) if not node.is_file]
            return Listing(path=tuple(path), entries=tuple(entries), has_more=len(entries) == limit)

        found = await self._room.read(work)
        if not found.path:
            raise NoSuchNode
        return found

    async def make_folder(
        self, actor: Person, parent: NodeId, name: str, *, tokens: frozenset[str] = NO_TOKENS
    ) -> Node:
        """Raises BadName, NameTaken, ParentMissing, TooDeep, Locked."""
        reach, name = await self._room.reach(actor, write=True, at=parent), checked_name(name)
        now_s = self._room.now_s()

        def work(connection: Connection) -> Node:
            folder_within(connection, reach, parent)
            if reach.is_reserved(parent, name) or nodes.child(connection, parent, name):
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
            found = await self._child(actor, parent, name)
            if found is None:
                try:
                    found = await self.make_folder(actor, parent, name)
                except NameTaken:  # made by another upload just now
                    found = await self._child(actor, parent, name)
            if found is None or found.is_file:
                raise NotThatKind
            parent = found.id
        return parent

    async def _child(self, actor: Person, parent: NodeId, name: str) -> Node | None:
        """What stands at the place for the actor; it is for the write that follows to refuse."""
        found = await self._room.read(partial(nodes.child, parent=parent, name=name))
        reach = await self._room.reach(actor) if found is None else None
        if reach is None or not reach.is_reserved(parent, name):
            return found

        def work(connection: Connection) -> Node | None:
            mounted = self._room.mounted(connection, reach)
            return mounted.named(parent, name) if mounted else None

        return await self._room.read(work)


def walk(room: Room, connection: Connection, reach: Reach, names: Sequence[str]) -> list[Node]:
    """See `Tree.resolve`."""
    path = path_within(connection, reach, reach.top)[-1:]
    mounted: Mounted | None = None
    for name in names[: MAX_DEPTH + 1]:
        if not path or path[-1].is_file:
            break
        step = nodes.child(connection, path[-1].id, name)
        if step is None and reach.received and path[-1].space == reach.space.id:
            mounted = mounted or room.mounted(connection, reach)
            step = mounted.named(path[-1].id, name) if mounted else None
        if step is None:
            break
        path.append(step)
    # Whoever asks for a folder of their own wants to hear of changes in what is mounted there.
    if reach.received and path and path[-1].space == reach.space.id and not path[-1].is_file:
        mounted = mounted or room.mounted(connection, reach)
        path[-1] = mounted.felt(path[-1]) if mounted else path[-1]
    return path


def seen_path(
    room: Room, connection: Connection, reach: Reach, own: Reach | None, node: NodeId
) -> list[Node]:
    """From the actor's top down to the node; what was shared stands where they mounted it. own: their
    reach of their own drive, when `reach` is of what they received. Empty as `path_within`."""
    path = path_within(connection, reach, node)
    mounted = room.mounted(connection, own) if own and path else None
    top = mounted.of(path[0].id) if mounted else None
    if own is None or top is None or top.parent is None:
        return path
    return [*path_within(connection, own, top.parent), top, *path[1:]]


def _list(
    room: Room,
    connection: Connection,
    reach: Reach,
    own: Reach | None,
    folder: NodeId | None,
    after: NodeId | None,
    limit: int,
    order: Order,
) -> Listing:
    folder = folder or reach.top
    path = seen_path(room, connection, reach, own, folder)
    if not path:
        raise NoSuchNode
    if path[-1].is_file:
        raise NotThatKind
    last = nodes.find(connection, after) if after else None
    last = last if last and last.parent == folder else None
    found = ordered.members(connection, folder, order, after=last, limit=limit + 1)
    mounted = room.mounted(connection, reach)
    if mounted:
        path[-1] = mounted.felt(path[-1])
    return Listing(
        path=tuple(path),
        entries=tuple(found[:limit]),
        has_more=len(found) > limit,
        received=tuple(mounted.under.get(folder, ())) if mounted and last is None else (),
    )
