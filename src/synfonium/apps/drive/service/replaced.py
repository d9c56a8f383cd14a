"""How much was written over lately: the write path only adds up, whoever thins out looks later."""

import asyncio
from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.model import SpaceId

MANY = 500
PART_OF_SHARE = 8
MOST_SPACES = 10_000


class _Sum(msgspec.Struct):
    count: int = 0
    size_bytes: int = 0


class Replaced:
    """Sums in memory alone: the sweep finds what a crash makes them forget."""

    def __init__(self, percent: int) -> None:
        self._percent = percent
        self._sums: dict[SpaceId, _Sum] = {}
        self._due: set[SpaceId] = set()
        self._is_due = asyncio.Event()

    def share_bytes(self, limit_bytes: int | None) -> int | None:
        """What old versions may take beside a limit; None for no end."""
        return None if limit_bytes is None else limit_bytes * self._percent // 100

    def note(self, space: SpaceId, size_bytes: int, limit_bytes: int | None) -> None:
        """So many bytes became an old version."""
        if len(self._sums) > MOST_SPACES:
            self._sums.clear()
        total = self._sums.setdefault(space, _Sum())
        total.count += 1
        total.size_bytes += size_bytes
        share = self.share_bytes(limit_bytes)
        if total.count >= MANY or (share is not None and total.size_bytes * PART_OF_SHARE > share):
            del self._sums[space]
            self._due.add(space)
            self._is_due.set()

    async def due(self) -> Sequence[SpaceId]:
        """Spaces in which it is time to look; waits until there are some."""
        await self._is_due.wait()
        due = sorted(self._due)
        self._due.clear()
        self._is_due.clear()
        return due
