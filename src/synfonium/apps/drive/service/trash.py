"""The trash: put in, look, take out, remove for ever."""

from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchNode, TopStays
from synfonium.apps.drive.model import ANY, Expected, Node, NodeId, Space, Trashed
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.facts import told_path
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import NO_TOKENS, check_expected, free_name
from synfonium.apps.drive.service.room import Reach, Room, path_within, within
from synfonium.apps.drive.store import links, locks, nodes, photos, properties, shares, trash, versions
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person

SLICE_NODES = 500
SLICES_AT_ONCE = 20


class TrashListing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the trash, the newest first. top: the trash itself, for its etag."""

    top: Node
    entries: tuple[Trashed, ...]
    has_more: bool


class Trash:
    """The trash of the actor's own space; a grant's actor may only put things in."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def put(
        self,
        actor: Person,
        ids: Sequence[NodeId],
        *,
        tokens: frozenset[str] = NO_TOKENS,
        expected: Expected = ANY,
    ) -> None:
        """Puts nodes into the trash, all or none. Raises NoSuchNode, TopStays, Locked, WrongState."""
        reach = await self._room.reach(actor, write=True, at=ids[0] if ids else None)
        now_s = self._room.now_s()

        def work(connection: Connection) -> None:
            for id_ in ids:
                if id_ in (reach.top, reach.space.root):
                    raise TopStays
                node = within(connection, reach, id_)
                check_expected(node, expected)
                guard(connection, reach, tokens, now_s, node=id_, member_of=node.parent, deep=True)
                put_in_trash(self._room, connection, reach, node, now_s)

        await self._room.write(reach.space.id, work)

    async def listing(
        self, actor: Person, *, after: NodeId | None = None, limit: int = 200, of: NodeId | None = None
    ) -> TrashListing:
        """What was put here by itself. of: the top of a group folder that the actor may change, for its
        trash. Raises NoSuchNode for a grant's actor, NotWritable."""
        reach = await self._own(actor, write=of is not None, of=of)

        def work(connection: Connection) -> TrashListing:
            top = nodes.find(connection, reach.space.trash)
            assert top is not None
            last = trash.find(connection, reach.space, after) if after else None
            found = trash.listing(connection, reach.space, after=last, limit=limit + 1)
            return TrashListing(top=top, entries=tuple(found[:limit]), has_more=len(found) > limit)

        return await self._room.read(work)

    async def restore(self, actor: Person, ids: Sequence[NodeId], *, of: NodeId | None = None) -> list[Node]:
        """Puts nodes back where they were, or at the top when that place is gone; with a
        number after the name when it is taken. of: as in `listing`. Raises NoSuchNode."""
        reach = await self._own(actor, of=of)
        now_s = self._room.now_s()

        def work(connection: Connection) -> list[Node]:
            return [self._restore(connection, reach, id_, now_s) for id_ in ids]

        return await self._room.write(reach.space.id, work)

    def _restore(self, connection: Connection, reach: Reach, id_: NodeId, now_s: float) -> Node:
        found = trash.find(connection, reach.space, id_)
        if found is None:
            raise NoSuchNode
        node, etag = found.node, new_id(now_s)
        parent = _old_place(connection, reach, found)
        name = free_name(connection, parent, node.name)
        trash.forget(connection, [id_])
        nodes.place(connection, id_, parent=parent, name=name, etag=etag, media_type=node.media_type)
        nodes.touch(connection, reach.space.trash, added_bytes=-node.size_bytes, etag=etag, now_s=now_s)
        nodes.touch(connection, parent, added_bytes=node.size_bytes, etag=etag, now_s=now_s)
        back = within(connection, reach, id_)
        self._room.tell(connection, reach, back, kind="restored", event=contract.NODE_RESTORED)
        return back

    async def remove(self, actor: Person, ids: Sequence[NodeId]) -> None:
        """Removes nodes of the trash for ever. Raises NoSuchNode."""
        reach = await self._own(actor)

        def work(connection: Connection) -> None:
            for id_ in ids:
                found = trash.find(connection, reach.space, id_)
                if found is None:
                    raise NoSuchNode
                detach(self._room, connection, reach, found.node)

        await self._room.write(reach.space.id, work)
        await self._finish(reach, ids)

    async def empty(self, actor: Person) -> None:
        """Removes for ever all that was in the trash when this was asked."""
        reach = await self._own(actor)
        while True:

            def work(connection: Connection) -> list[NodeId]:
                found = trash.listing(connection, reach.space, after=None, limit=SLICE_NODES)
                for entry in found:
                    detach(self._room, connection, reach, entry.node)
                return [entry.node.id for entry in found]

            ids = await self._room.write(reach.space.id, work)
            if not ids:
                return
            await self._finish(reach, ids)

    async def _finish(self, reach: Reach, ids: Sequence[NodeId]) -> None:
        """Clears small things at once; the sweep clears what is left of large ones."""
        left = SLICES_AT_ONCE
        for id_ in ids:
            is_done = False
            while left > 0 and not is_done:
                left -= 1
                is_done = await self._room.context.database.write(
                    partial(remove_slice, self._room, space=reach.space, top=id_)
                )

    async def _own(self, actor: Person, *, write: bool = True, of: NodeId | None = None) -> Reach:
        reach = await self._room.reach(actor, write=write, at=of)
        if reach.top != reach.space.root:
            raise NoSuchNode
        return reach


def _old_place(connection: Connection, reach: Reach, found: Trashed) -> NodeId:
    path = path_within(connection, reach, found.parent)
    below = 0 if found.node.is_file else nodes.height(connection, found.node.id)
    fits = path and not path[-1].is_file and len(path) + 1 + below <= MAX_DEPTH
    return found.parent if fits else reach.space.root


def detach(room: Room, connection: Connection, reach: Reach, node: Node) -> None:
    """Takes a node of the trash out of every listing and size, before its rows go."""
    now_s = room.now_s()
    etag = new_id(now_s)
    trash.set_leaving(connection, node.id)
    nodes.place(connection, node.id, parent=None, name=node.name, etag=etag, media_type=node.media_type)
    nodes.touch(connection, reach.space.trash, added_bytes=-node.size_bytes, etag=etag, now_s=now_s)
    room.tell(connection, reach, node, kind="removed", parent=reach.space.trash)


def remove_slice(room: Room, connection: Connection, space: Space, top: NodeId) -> bool:
    """Removes up to 500 nodes of a detached tree, the deepest first; true when none is left.

    May be asked again after a crash, and when nothing is left.
    """
    deepest = top
    for _ in range(2 * MAX_DEPTH):
        inner = nodes.folders(connection, deepest, limit=1)
        if not inner:
            break
        deepest = inner[0].id
    batch = [node.id for node in nodes.children_by_key(connection, deepest, after=b"", limit=SLICE_NODES)]
    batch = batch or [deepest]
    above = _lay_in(connection, space, top, deepest, is_itself=batch == [deepest])
    versions.drop(connection, batch, now_s=room.now_s())
    shares.remove_of_nodes(connection, batch)
    links.remove_of_nodes(connection, batch)
    photos.forget(connection, batch)
    properties.remove_of(connection, batch)
    locks.remove_of(connection, batch)
    nodes.remove(connection, batch)
    for id_ in batch:
        facts = {"owner": space.owner, "path": f"{contract.address_of(id_)} {above}".strip()}
        room.context.outbox.add(connection, contract.NODE_REMOVED, contract.address_of(id_), facts)
    if top in batch:
        trash.forget(connection, [top])
    return top in batch


def _lay_in(connection: Connection, space: Space, top: NodeId, folder: NodeId, *, is_itself: bool) -> str:
    """What the nodes of a detached folder lay in, as events say it, also before it went into the
    trash. is_itself: the folder is what goes."""
    place = trash.place_of(connection, top)
    outer = told_path(connection, space, place).split() if place else [contract.ROOT]
    inner = nodes.ancestors(connection, folder)[1 if is_itself else 0 :]
    return " ".join([*map(contract.address_of, inner), *outer])
