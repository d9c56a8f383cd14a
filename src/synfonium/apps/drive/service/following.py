"""Following a person's files: what changed, as it changes, without a query while nothing does."""

import asyncio
from collections.abc import AsyncIterator

from sqlalchemy import Connection

from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import journal, nodes
from synfonium.kernel.actor import Person

# Many changes at once are told together.
GATHER_S = 0.3
MOST_TOLD = 500


class Following:
    """Tells of changes in one actor's own space."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def changes(self, actor: Person) -> AsyncIterator[tuple[int, ...]]:
        """Numbers of the nodes that changed and of the folders that hold them, within a second of
        it; empty when there were too many to say. Ends when the house closes. Raises as `Room.reach`."""
        reach = await self._room.reach(actor)
        signal, space = self._room.signal, reach.space.id
        event = signal.next(space)
        seen = await self._room.read(lambda c: journal.last(c, space))
        while not signal.is_closed:
            await event.wait()
            await asyncio.sleep(GATHER_S)
            event, before = signal.next(space), seen

            def work(connection: Connection, before: int = before) -> tuple[int, tuple[int, ...]]:
                rows = journal.since(connection, space, before, MOST_TOLD + 1)
                if not rows:
                    return before, ()
                ids = {id_ for _, node, parent in rows[:MOST_TOLD] for id_ in (node, parent)}
                return rows[-1][0], tuple(nodes.numbers_of(connection, sorted(ids)))

            seen, numbers = await self._room.read(work)
            if seen != before:
                yield numbers
