"""What takes the room: of a whole drive, and within each folder."""

import heapq
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchNode, NotThatKind
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.service.tree import seen_path
from synfonium.apps.drive.store import nodes, uploads, use
from synfonium.kernel.actor import Person

MOST_MEMBERS = 24
MOST_FILES = 12
# A folder is at least as large as whatever lies in it: few have to be looked into.
MOST_FOLDERS = 200


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """path: from the actor's top to the folder. members: what is largest in it; rest_bytes: all others.
    files: the largest at any depth below, each with its folder. trash_bytes, coming_bytes, old_bytes: of
    the whole space; what came before (old_bytes) counts for no limit."""

    path: tuple[Node, ...]
    members: tuple[Node, ...]
    files: tuple[tuple[Node, Node], ...]
    trash_bytes: int
    coming_bytes: int
    old_bytes: int

    @property
    def folder(self) -> Node:
        return self.path[-1]

    @property
    def rest_bytes(self) -> int:
        return max(0, self.folder.size_bytes - sum(node.size_bytes for node in self.members))


class Using:
    """Looks at what one actor reaches."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def of(self, actor: Person, folder: NodeId | None = None) -> Use:
        """Raises NoSuchNode, NotThatKind."""
        reach = await self._room.reach(actor, at=folder)
        own = await self._room.reach(actor) if reach.shares and not actor.grants else None
        # Of what is another's only what was shared is told.
        is_whole = reach.top == reach.space.root

        def work(connection: Connection) -> Use:
            path = seen_path(self._room, connection, reach, own, folder or reach.top)
            if not path:
                raise NoSuchNode
            if path[-1].is_file:
                raise NotThatKind
            trash = nodes.find(connection, reach.space.trash) if is_whole else None
            return Use(
                path=tuple(path),
                members=tuple(use.largest(connection, path[-1].id, MOST_MEMBERS)),
                files=tuple(_files(connection, path[-1])),
                trash_bytes=trash.size_bytes if trash else 0,
                coming_bytes=uploads.held_bytes(connection, reach.space.id) if is_whole else 0,
                old_bytes=use.old_bytes(connection, reach.space.id) if is_whole else 0,
            )

        return await self._room.read(work)


def _files(connection: Connection, top: Node) -> Sequence[tuple[Node, Node]]:
    """The largest files below, each with its folder: the largest of all that is known is a file that no
    other exceeds, or a folder to look into."""
    waiting = [(-top.size_bytes, top.id, top, top)]
    found: list[tuple[Node, Node]] = []
    looked_into = 0
    while waiting and len(found) < MOST_FILES and looked_into < MOST_FOLDERS:
        _size, _id, node, folder = heapq.heappop(waiting)
        if node.is_file:
            found.append((node, folder))
            continue
        looked_into += 1
        for member in use.largest(connection, node.id, MOST_FILES):
            heapq.heappush(waiting, (-member.size_bytes, member.id, member, node))
    return found
