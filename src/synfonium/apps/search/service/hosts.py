"""Politeness towards one host: its rules, its pace, and when to leave it alone."""

import asyncio
import math
import time

from synfonium.apps.search.model import authority_of
from synfonium.apps.search.service.fetch import Fetched, Fetcher
from synfonium.apps.search.service.robots import (
    LARGEST_ROBOTS_BYTES,
    MOST_REDIRECTS,
    Rules,
    host_row,
    robots_url,
)
from synfonium.apps.search.store import HostRow

LONGEST_WAIT_S = 120.0
_MOST_FAILURES = 5


class HostClosed(Exception):
    """The host does not want to be visited now, or cannot be."""


class Host:
    """One host during one crawl: one request at a time, `delay_s` apart or more."""

    def __init__(self, authority: str, fetcher: Fetcher, lines: asyncio.Semaphore, delay_s: float) -> None:
        self.authority = authority
        self.rules: Rules | None = None
        self._fetcher, self._lines, self._least_delay_s = fetcher, lines, delay_s
        self._delay_s, self._asked_s, self._closed_until_s = delay_s, -math.inf, 0.0
        self._failures = 0

    @property
    def is_rested(self) -> bool:
        """Whether it may be asked again at once, so that nothing is lost by forgetting it."""
        return time.monotonic() > self._next_s

    @property
    def _next_s(self) -> float:
        return max(self._asked_s + self._delay_s, self._closed_until_s)

    def obey(self, row: HostRow) -> None:
        """Takes over the host's rules. Raises HostClosed when its delay is too long for us."""
        self.rules = Rules(row)
        wished_s = self.rules.delay_s
        if wished_s > LONGEST_WAIT_S:
            raise HostClosed
        self._least_delay_s = max(self._least_delay_s, wished_s)
        self._delay_s = max(self._delay_s, self._least_delay_s)

    async def read_robots(self, url: str, now_s: float) -> HostRow | None:
        """Asks for robots.txt, following a few redirects (RFC 9309, 2.3.1.2); None when the
        host is not to be read now."""
        asked = robots_url(url)
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask(asked, largest_bytes=LARGEST_ROBOTS_BYTES)
            if not answer.location:
                break
            asked = answer.location
        return host_row(authority_of(url), answer, now_s)

    async def get(self, url: str) -> Fetched:
        """GET of a page when it is time. Raises HostClosed when the host had enough."""
        answer = await self._ask(url)
        if answer.failure == "private":
            raise HostClosed
        if answer.status in (429, 503) or answer.failure in ("slow", "unreachable"):
            self._back_off(answer)
        else:
            self._failures = 0
            self._delay_s = max(self._least_delay_s, self._delay_s / 2)
        return answer

    async def _ask(self, url: str, **limits: int) -> Fetched:
        await asyncio.sleep(max(0.0, self._next_s - time.monotonic()))
        try:
            async with self._lines:
                return await self._fetcher.fetch(url, **limits)
        finally:
            self._asked_s = time.monotonic()

    def _back_off(self, answer: Fetched) -> None:
        self._failures += 1
        self._delay_s = max(self._delay_s * 2, self._least_delay_s, 0.5)
        wait_s = max(answer.retry_after_s, self._delay_s)
        if self._failures >= _MOST_FAILURES or wait_s > LONGEST_WAIT_S:
            raise HostClosed
        self._closed_until_s = time.monotonic() + wait_s
