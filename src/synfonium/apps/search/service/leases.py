"""A worker's hold on hosts, so that several workers crawl one frontier and no host meets two."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence

from synfonium.apps.search import store
from synfonium.apps.search.store import LeaseRow
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database

LEASE_S = 40.0
RENEWED_EVERY_S = 3.0


class LeaseLost(Exception):
    """Another worker may be at this host by now: whatever was begun there ends."""


class Leases:
    """The hosts that `holder` visits for one crawl.

    A lease ends by itself after 40 s, is renewed every 3 s, and nothing is asked of a host
    whose lease would end before the answer must be there. So a worker that stands still for
    long, or dies, never meets the one that took over. Clocks of workers may differ by seconds.
    """

    def __init__(self, database: Database, clock: Clock, crawl_id: str, holder: str) -> None:
        self._database, self._clock = database, clock
        self._crawl_id, self.holder = crawl_id, holder
        self._until_s: dict[str, float] = {}

    def __contains__(self, authority: str) -> bool:
        return authority in self._until_s

    @property
    def held(self) -> Sequence[str]:
        return list(self._until_s)

    async def take(self, authorities: Sequence[str]) -> dict[str, float]:
        """The hosts among them that nobody else holds; for each, in how many seconds it may be asked."""
        now_s, end_s = self._clock.now_s(), time.monotonic() + LEASE_S
        taken = await self._database.write(
            lambda c: store.take_leases(c, self._crawl_id, self.holder, authorities, now_s, now_s + LEASE_S)
        )
        self._until_s.update(dict.fromkeys(taken, end_s))
        return {authority: max(0.0, next_s - now_s) for authority, next_s in taken.items()}

    def check(self, authority: str, needed_s: float) -> None:
        """Raises LeaseLost unless the host is ours for so much longer."""
        if self._until_s.get(authority, 0.0) < time.monotonic() + needed_s:
            raise LeaseLost

    async def keep(self, told: Callable[[Iterable[str]], list[LeaseRow]]) -> None:
        """Renews what is held, for ever. told: how hosts are, for others to see."""
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            await self._renew(told(self._until_s))

    async def _renew(self, rows: list[LeaseRow]) -> None:
        now_s, end_s = self._clock.now_s(), time.monotonic() + LEASE_S
        asked = {row.authority for row in rows}
        ours = await self._database.write(
            lambda c: store.renew_leases(c, self.holder, rows, now_s, now_s + LEASE_S)
        )
        for authority in asked & self._until_s.keys():
            if authority in ours:
                self._until_s[authority] = end_s
            else:
                del self._until_s[authority]

    def forget(self, authorities: Iterable[str]) -> None:
        """What was given back in the database."""
        for authority in authorities:
            self._until_s.pop(authority, None)
