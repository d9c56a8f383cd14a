"""What Drive answers the fabric about its objects: files, folders, a person's whole drive.

Reached by commands alone; for whom the fabric asks is in each ask.
"""

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import Node, NodeId, Space
from synfonium.apps.drive.service.files import Files
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import nodes
from synfonium.apps.fabric.contract import FILE, FOLDER, Action, Children, Crumb, Object, ObjectsAsk, fits
from synfonium.kernel.actor import Person

MAY: frozenset[Action] = frozenset({"read", "write"})
MOST_AT_ONCE = 500
MOST_FOUND = 100


class DriveObjects:
    """`fabric.contract.Objects` for the addresses `drive:…`."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files

    async def describe(self, ask: ObjectsAsk) -> Object | None:
        """None for what is not there, is in the trash, or is not the person's."""
        space = await self._room.space_of(ask.person)
        path = await self._path(space, ask.address)
        return _object(space, path) if path else None

    async def children(self, ask: ObjectsAsk) -> Children | None:
        """Folders first, then files; with a `query` those wanted below whose names hold it."""
        space = await self._room.space_of(ask.person)
        path = await self._path(space, ask.address or contract.ROOT)
        if not path or path[-1].is_file:
            return None
        if ask.query:
            found, after = await self._room.read(lambda c: _search(c, space, path, ask)), ""
        else:
            found, after = await self._room.read(lambda c: _page(c, path, ask))
        return Children(
            parent=_object(space, path),
            crumbs=tuple(Crumb(address=_address(space, node), title=_title(space, node)) for node in path),
            items=tuple(_object(space, way) for way in found),
            after=after,
        )

    async def create(self, ask: ObjectsAsk) -> Object:
        """An empty file; a number comes after its name when that is taken. Raises as writing does."""
        space = await self._room.space_of(ask.person)
        path = await self._path(space, ask.address or contract.ROOT)
        if not path:
            raise NoSuchNode
        actor = Person(id=ask.person, name="", display="")
        made = await self._files.write(actor, path[-1].id, ask.title, _nothing(), when_taken="number")
        return _object(space, [*path, made.node])

    async def _path(self, space: Space, address: str) -> list[Node]:
        """From the root down; empty for what is not in this tree."""
        node = space.root if address == contract.ROOT else contract.node_of(address)
        found = await self._room.read(lambda c: nodes.path(c, NodeId(node))) if node else []
        return found if found and found[0].id == space.root else []


def _page(connection: Connection, path: Sequence[Node], ask: ObjectsAsk) -> tuple[list[list[Node]], str]:
    after = nodes.find(connection, NodeId(ask.after)) if ask.after else None
    limit = max(1, min(ask.limit, MOST_AT_ONCE))
    found = nodes.children(connection, path[-1].id, after=after, limit=limit)
    return [[*path, node] for node in found], found[-1].id if len(found) == limit else ""


def _search(connection: Connection, space: Space, path: Sequence[Node], ask: ObjectsAsk) -> list[list[Node]]:
    named = nodes.named_like(connection, space.id, ask.query, limit=4 * MOST_FOUND)
    ways = [nodes.path(connection, node.id) for node in named if _is_wanted(node, ask)]
    top = path[-1].id
    return [way for way in ways if any(step.id == top for step in way)][:MOST_FOUND]


def _is_wanted(node: Node, ask: ObjectsAsk) -> bool:
    if not node.is_file:
        return not ask.interfaces or FOLDER in ask.interfaces
    if ask.interfaces and FILE not in ask.interfaces:
        return False
    return fits(node.media_type, ask.media_types)


def _object(space: Space, path: Sequence[Node]) -> Object:
    node = path[-1]
    return Object(
        address=_address(space, node),
        interfaces=(FILE,) if node.is_file else (FOLDER,),
        owner=space.owner,
        media_type=node.media_type,
        revision=node.etag,
        title=_title(space, node),
        size_bytes=node.size_bytes,
        modified_s=node.modified_s,
        path=tuple(_address(space, step) for step in reversed(path)),
        may=MAY,
        page=f"/drive/node/{node.id}",
        location="/dav/grants/{grant}" if node.is_file else "/dav/grants/{grant}/",
    )


def _address(space: Space, node: Node) -> str:
    return contract.ROOT if node.id == space.root else contract.address_of(node.id)


def _title(space: Space, node: Node) -> str:
    return "Drive" if node.id == space.root else node.name


async def _nothing() -> AsyncIterator[bytes]:
    for piece in tuple[bytes, ...]():
        yield piece
