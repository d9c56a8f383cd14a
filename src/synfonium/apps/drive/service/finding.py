"""Finding files by their properties, below one folder."""

from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.model.query import Query
from synfonium.apps.drive.service.favorites import NAME
from synfonium.apps.drive.service.room import Room, path_within, within
from synfonium.apps.drive.store import query as store
from synfonium.kernel.actor import Person

MOST_FOUND = 1_000
# More than are asked for, as some may lie elsewhere or in the trash.
LOOKED_AT = 4


class Finding:
    """Files of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def find(self, actor: Person, folder: NodeId, query: Query) -> list[list[Node]]:
        """Paths from the folder down to what was found. Raises NoSuchNode."""
        reach = await self._room.reach(actor, at=folder)
        wanted = min(query.limit, MOST_FOUND)
        looked_at = LOOKED_AT * (wanted + min(query.skip, MOST_FOUND))

        def work(connection: Connection) -> list[list[Node]]:
            within(connection, reach, folder)
            found: list[list[Node]] = []
            nodes = store.found(connection, reach.space.id, query, favorite=NAME, limit=looked_at)
            for node in nodes:
                path = path_within(connection, reach, node.id)
                at = next((index for index, step in enumerate(path) if step.id == folder), None)
                if at is not None:
                    found.append(path[at:])
                if len(found) >= wanted + query.skip:
                    break
            return found[query.skip :]

        return await self._room.read(work)
