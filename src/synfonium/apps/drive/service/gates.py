"""Who waits for whom: followers for changes, and the removal of idle blobs for uploads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.drive.model import SpaceId


class Signal:
    """Wakes those who wait for a change of a space, in this process."""

    def __init__(self) -> None:
        self._waiting: dict[SpaceId, asyncio.Event] = {}
        self.is_closed = False

    def ring(self, space: SpaceId) -> None:
        event = self._waiting.pop(space, None)
        if event is not None:
            event.set()

    def next(self, space: SpaceId) -> asyncio.Event:
        """Set at the next change; to be asked for before one looks."""
        return self._waiting.setdefault(space, asyncio.Event())

    def close(self) -> None:
        self.is_closed = True
        for space in list(self._waiting):
            self.ring(space)


class Gate:
    """Keeps the removal of idle blobs apart from uploads, which may take one up again."""

    def __init__(self) -> None:
        self._uploads = 0
        self._free = asyncio.Event()
        self._free.set()

    @asynccontextmanager
    async def upload(self) -> AsyncIterator[None]:
        while not self._free.is_set():
            await self._free.wait()
        self._uploads += 1
        try:
            yield
        finally:
            self._uploads -= 1

    @asynccontextmanager
    async def removal(self) -> AsyncIterator[bool]:
        """Gives false, at once, while anybody uploads; uploads wait while true is held."""
        if self._uploads or not self._free.is_set():
            yield False
            return
        self._free.clear()
        try:
            yield True
        finally:
            self._free.set()
