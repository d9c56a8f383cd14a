"""Waiting until something below a folder changes."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import NodeId, SpaceId
from synfonium.apps.drive.service.room import Reach, Room, within
from synfonium.apps.drive.store import nodes
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person

MOST_WAITING_PER_PERSON = 20
MOST_SPACES = 50
# Many changes at once are told together.
GATHER_S = 0.2


class Changes:
    """Tells the followers of a folder, without a query while nothing happens."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._waiting: dict[PersonId, int] = {}

    async def wait(self, actor: Person, folder: NodeId | None, etag: str, timeout_s: float) -> str:
        """The folder's etag, once it is another than `etag` or the time is over.

        folder None: the trash. Raises NoSuchNode when it is not there, now or then.
        """
        is_crowded = self._waiting.get(actor.id, 0) >= MOST_WAITING_PER_PERSON
        ends_s = asyncio.get_running_loop().time() + (0 if is_crowded else timeout_s)
        self._waiting[actor.id] = self._waiting.get(actor.id, 0) + 1
        try:
            return await self._follow(actor, folder, etag, ends_s)
        finally:
            self._waiting[actor.id] -= 1
            if not self._waiting[actor.id]:
                del self._waiting[actor.id]

    async def _follow(self, actor: Person, folder: NodeId | None, etag: str, ends_s: float) -> str:
        loop = asyncio.get_running_loop()
        while True:
            # What the actor has received may change while they wait.
            reach = await self._room.reach(actor, at=folder)
            events = [self._room.signal.next(space) for space in _spaces(reach)]
            now = await self._etag(reach, folder)
            left_s = ends_s - loop.time()
            if now != etag or left_s <= 0 or self._room.signal.is_closed:
                return now
            if not await _any_within(events, left_s):
                return now
            await asyncio.sleep(GATHER_S)

    async def _etag(self, reach: Reach, folder: NodeId | None) -> str:
        wanted = folder or reach.space.trash
        if wanted == reach.space.trash and reach.top != reach.space.root:
            raise NoSuchNode
        return await self._room.read(lambda c: self._etag_in(c, reach, wanted))

    def _etag_in(self, connection: Connection, reach: Reach, wanted: NodeId) -> str:
        if wanted == reach.space.trash:
            found = nodes.find(connection, wanted)
            if found is None:
                raise NoSuchNode
            return found.etag
        node, mounted = within(connection, reach, wanted), self._room.mounted(connection, reach)
        return mounted.felt(node).etag if mounted else node.etag


def _spaces(reach: Reach) -> list[SpaceId]:
    """The actor's own, and those of what stands in their drive."""
    return list(dict.fromkeys([reach.space.id, *(one.space.id for one in reach.received)]))[:MOST_SPACES]


async def _any_within(events: Sequence[asyncio.Event], seconds: float) -> bool:
    """Whether one of the events came in that time."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return bool(done)
