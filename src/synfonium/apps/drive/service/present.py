"""Which files stand in a folder already, unchanged: whoever sends a folder again sends only the rest."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, NodeId, name_key
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.service.room import Room, within
from synfonium.apps.drive.store import nodes
from synfonium.kernel.actor import Person

# Browsers say milliseconds, and some file systems keep whole seconds.
SAME_WITHIN_S = 1.0


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A file as its sender knows it. path: folders below the one that it goes to, with `/` between them."""

    path: str
    name: str
    size_bytes: int
    modified_ms: int


class Presence:
    """Looks for files of one actor's reach by their places."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def of(self, actor: Person, folder: NodeId, files: Sequence[Sought]) -> list[bool]:
        """Whether each of the files is there with this size and time. Raises NoSuchNode."""
        reach = await self._room.reach(actor, at=folder)

        def work(connection: Connection) -> list[bool]:
            top = within(connection, reach, folder)
            folders = {path: _below(connection, top, path) for path in {one.path for one in files}}
            members = _members(connection, folders, files)
            return [_is_same(members.get((one.path, name_key(one.name))), one) for one in files]

        return await self._room.read(work)


def _below(connection: Connection, top: Node, path: str) -> NodeId | None:
    """The folder at the end of a path, if it is there."""
    names = [name for name in path.split("/") if name]
    found: Node | None = top if len(names) <= MAX_DEPTH else None
    for name in names:
        found = nodes.child(connection, found.id, name) if found and not found.is_file else None
    return found.id if found else None


def _members(
    connection: Connection, folders: dict[str, NodeId | None], files: Sequence[Sought]
) -> dict[tuple[str, bytes], Node]:
    found: dict[tuple[str, bytes], Node] = {}
    for path, folder in folders.items():
        if folder is None:
            continue
        keys = [name_key(one.name) for one in files if one.path == path]
        for node in nodes.children_named(connection, folder, keys):
            found[path, name_key(node.name)] = node
    return found


def _is_same(node: Node | None, sought: Sought) -> bool:
    if node is None or not node.is_file or node.size_bytes != sought.size_bytes:
        return False
    return abs(node.modified_s - sought.modified_ms / 1000) < SAME_WITHIN_S
