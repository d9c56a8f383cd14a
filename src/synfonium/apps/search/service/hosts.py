"""Politeness towards one host: its rules, its pace, and when to leave it alone."""

import asyncio
import time

from synfonium.apps.search.model import HostState, authority_of
from synfonium.apps.search.service.fetch import SLOWEST_PAGE_S, Fetched, Fetcher, Known
from synfonium.apps.search.service.leases import Leases
from synfonium.apps.search.service.robots import (
    LARGEST_ROBOTS_BYTES,
    MOST_REDIRECTS,
    Rules,
    host_row,
    robots_url,
)
from synfonium.apps.search.store import HostRow, LeaseRow

LONGEST_WAIT_S = 120.0
_MOST_FAILURES = 5
_MARGIN_S = 5.0
_LONGEST_PACE_S = 10.0


class HostClosed(Exception):
    """The host does not want to be visited now, or cannot be."""


class Host:
    """One host during one crawl: one request at a time, `delay_s` apart or more.

    The pace adapts: twice the wait after 429, 503 or silence, half of it after an answer,
    and never less than half the time the host needs for its answers.
    """

    def __init__(
        self, authority: str, fetcher: Fetcher, leases: Leases, *, delay_s: float, wait_s: float = 0.0
    ) -> None:
        """wait_s: how long it must be left alone at first, since another worker asked it last."""
        self.authority = authority
        self.rules: Rules | None = None
        self._fetcher, self._leases, self._least_delay_s = fetcher, leases, delay_s
        self._delay_s, self._next_s = delay_s, time.monotonic() + wait_s
        self._failures, self.fetched, self.failed = 0, 0, 0
        self._state: HostState = "waiting"

    @property
    def is_rested(self) -> bool:
        """Whether it may be asked again at once, so that nothing is lost by forgetting it."""
        return time.monotonic() > self._next_s

    def told(self, now_s: float) -> LeaseRow:
        """How it is, for whoever watches the crawl or visits this host next."""
        return LeaseRow(
            authority=self.authority,
            next_s=now_s + max(0.0, self._next_s - time.monotonic()),
            state=self._state,
            delay_s=round(self._delay_s, 2),
            fetched=self.fetched,
            failed=self.failed,
        )

    def rest(self, state: HostState = "rested") -> None:
        """Nobody is here any more."""
        self._state = state

    def obey(self, row: HostRow) -> Rules:
        """Takes over the host's rules. Raises HostClosed when its delay is too long for us."""
        self.rules = Rules(row)
        wished_s = self.rules.delay_s
        if wished_s > LONGEST_WAIT_S:
            raise HostClosed
        self._least_delay_s = max(self._least_delay_s, wished_s)
        self._set_pace(self._delay_s)
        return self.rules

    def _set_pace(self, delay_s: float) -> None:
        """The rules may have come after the request from which the wait is counted."""
        more_s = max(self._least_delay_s, delay_s) - self._delay_s
        self._delay_s += more_s
        self._next_s += max(0.0, more_s)

    async def read_robots(self, url: str, now_s: float, lines: asyncio.Semaphore) -> HostRow | None:
        """Asks for robots.txt, following a few redirects (RFC 9309, 2.3.1.2); None when the
        host is not to be read now."""
        asked = robots_url(url)
        for _ in range(MOST_REDIRECTS + 1):
            await self.turn()
            async with lines:
                answer = await self._ask(asked, LARGEST_ROBOTS_BYTES)
            if not answer.location:
                break
            asked = answer.location
        return host_row(authority_of(url), answer, now_s)

    async def turn(self) -> None:
        """Until it may be asked."""
        wait_s = self._next_s - time.monotonic()
        if wait_s > 0:
            self._state = "slowed" if self._failures else "waiting"
            await asyncio.sleep(wait_s)
        self._state = "reading"

    async def get(self, url: str, largest_bytes: int, known: Known | None = None) -> Fetched:
        """GET, after `turn`. Raises HostClosed when the host had enough, LeaseLost."""
        answer = await self._ask(url, largest_bytes, known)
        self.fetched += 1
        if answer.failure == "private":
            raise HostClosed
        if answer.status in (429, 503) or answer.failure in ("slow", "unreachable"):
            self.failed += 1
            self._back_off(answer)
        else:
            self._failures = 0
            pace_s = max(self._least_delay_s, self._delay_s / 2, min(answer.took_s, _LONGEST_PACE_S))
            self._next_s += pace_s - self._delay_s
            self._delay_s = pace_s
        return answer

    async def _ask(self, url: str, largest_bytes: int, known: Known | None = None) -> Fetched:
        self._leases.check(self.authority, SLOWEST_PAGE_S + _MARGIN_S)
        try:
            return await self._fetcher.fetch(url, largest_bytes=largest_bytes, known=known)
        finally:
            self._next_s = time.monotonic() + self._delay_s

    def _back_off(self, answer: Fetched) -> None:
        self._failures += 1
        self._delay_s = max(self._delay_s * 2, self._least_delay_s, 0.5)
        wait_s = max(answer.retry_after_s, self._delay_s)
        self._next_s = time.monotonic() + min(wait_s, 24 * 3600.0)
        if self._failures >= _MOST_FAILURES or wait_s > LONGEST_WAIT_S:
            raise HostClosed
