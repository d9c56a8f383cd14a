"""What a person marked as dear to them: it changes no file and no etag."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.room import Room, path_within, within
from synfonium.apps.drive.store import properties
from synfonium.kernel.actor import Person

NAME = "{http://owncloud.org/ns}favorite"
XML = '<n:favorite xmlns:n="http://owncloud.org/ns">1</n:favorite>'
MOST = 1_000


class Favorites:
    """Favourites of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def among(self, actor: Person, ids: Sequence[NodeId]) -> frozenset[NodeId]:
        """Which of the nodes (of `resolve`) are favourites."""
        found = await self._room.read(lambda c: properties.having(c, ids, NAME))
        return frozenset(found)

    async def mark(self, actor: Person, node: NodeId, *, is_favorite: bool) -> None:
        """Raises NoSuchNode."""
        reach = await self._room.reach(actor, write=True)

        def work(connection: Connection) -> None:
            within(connection, reach, node)
            properties.change(connection, node, {NAME: XML if is_favorite else None})

        await self._room.context.database.write(work)

    async def below(self, actor: Person, folder: NodeId) -> list[list[Node]]:
        """Paths from the folder down to each favourite, at most a thousand. Raises NoSuchNode."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> list[list[Node]]:
            within(connection, reach, folder)
            found = []
            for id_ in properties.of_space(connection, reach.space.id, NAME, limit=MOST):
                path = path_within(connection, reach, id_)
                at = next((index for index, step in enumerate(path) if step.id == folder), None)
                if at is not None:
                    found.append(path[at:])
            return found

        return await self._room.read(work)
