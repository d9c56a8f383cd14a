"""Waiting until something below a folder changes."""

import asyncio

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.store import nodes
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person

MOST_WAITING_PER_PERSON = 20
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
        reach = await self._room.reach(actor)
        is_crowded = self._waiting.get(actor.id, 0) >= MOST_WAITING_PER_PERSON
        ends_s = asyncio.get_running_loop().time() + (0 if is_crowded else timeout_s)
        self._waiting[actor.id] = self._waiting.get(actor.id, 0) + 1
        try:
            return await self._follow(reach, folder, etag, ends_s)
        finally:
            self._waiting[actor.id] -= 1
            if not self._waiting[actor.id]:
                del self._waiting[actor.id]

    async def _follow(self, reach: Reach, folder: NodeId | None, etag: str, ends_s: float) -> str:
        loop = asyncio.get_running_loop()
        while True:
            event = self._room.signal.next(reach.space.id)
            now = await self._etag(reach, folder)
            left_s = ends_s - loop.time()
            if now != etag or left_s <= 0 or self._room.signal.is_closed:
                return now
            try:
                await asyncio.wait_for(event.wait(), left_s)
            except TimeoutError:
                return now
            await asyncio.sleep(GATHER_S)

    async def _etag(self, reach: Reach, folder: NodeId | None) -> str:
        wanted = folder or reach.space.trash
        if wanted == reach.space.trash and reach.top != reach.space.root:
            raise NoSuchNode
        found = await self._room.read(lambda c: nodes.path(c, wanted))
        is_open = any(step.id in (reach.top, reach.space.trash) for step in found)
        if not is_open or (found[0].id == reach.space.trash and len(found) > 1):
            raise NoSuchNode
        return found[-1].etag
