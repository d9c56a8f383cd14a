"""The count of what is unread, told to pages as soon as it is another."""

import asyncio

from synfonium.apps.notifications.store import items
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

MOST_WAITING_PER_PERSON = 10
MOST_WAITING = 5_000
# Several at once are one change.
GATHER_S = 0.2


class Bell:
    """Wakes those who wait for a person's count, in this process; no query while nothing happens."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events: dict[PersonId, asyncio.Event] = {}
        self._waiting: dict[PersonId, int] = {}
        self._is_closed = False

    def ring(self, person: PersonId) -> None:
        """Their count may be another."""
        event = self._events.pop(person, None)
        if event is not None:
            event.set()

    def close(self) -> None:
        self._is_closed = True
        for person in list(self._events):
            self.ring(person)

    async def count(self, person: PersonId) -> int:
        return await self._context.database.read(lambda c: items.unread(c, person))

    async def wait(self, person: PersonId, known: int, timeout_s: float) -> int:
        """The count, once it is another than `known` or the time is over; at once for whoever
        waits in too many places already."""
        mine = self._waiting.get(person, 0)
        if mine >= MOST_WAITING_PER_PERSON or sum(self._waiting.values()) >= MOST_WAITING:
            timeout_s = 0
        self._waiting[person] = mine + 1
        try:
            return await self._follow(person, known, asyncio.get_running_loop().time() + timeout_s)
        finally:
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person]

    async def _follow(self, person: PersonId, known: int, ends_s: float) -> int:
        loop = asyncio.get_running_loop()
        while True:
            event = self._events.setdefault(person, asyncio.Event())
            now = await self.count(person)
            left_s = ends_s - loop.time()
            if now != known or left_s <= 0 or self._is_closed:
                return now
            try:
                await asyncio.wait_for(event.wait(), left_s)
            except TimeoutError:
                return now
            await asyncio.sleep(GATHER_S)
