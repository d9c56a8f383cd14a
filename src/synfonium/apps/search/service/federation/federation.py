"""Asks several engines at once, until a deadline, with one way of asking for all."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from synfonium.apps.search.service.federation.breaker import Breaker
from synfonium.apps.search.service.federation.discovery import Chosen
from synfonium.apps.search.service.federation.engine import MOST_HITS, Asking, FederatedHit
from synfonium.apps.search.service.federation.words import Failure, Health, Outcome, Outside, Told
from synfonium.kernel import logs

if TYPE_CHECKING:
    from synfonium.libraries.network.client import Answer, GuardedClient

log = logs.get("search")

LONGEST_QUERY = 400
"""Characters: who typed more is not passed on."""
_LARGEST_ANSWER_BYTES = 1 << 20
_MOST_AT_ONCE = 32


class Federation:
    """The engines that are switched on. Nothing that is asked or answered is kept.

    Every request has the same headers whoever asks: who we are, and what form we want. Names
    are resolved once and only public addresses met, but for an address that the operator gave
    where is_local_allowed. No redirect is followed. Without engines no socket is ever opened.
    """

    def __init__(
        self,
        chosen: Sequence[Chosen],
        *,
        user_agent: str,
        deadline_s: float,
        is_local_allowed: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.chosen = {one.engine.about.name: one for one in chosen}
        self._breakers = {
            name: Breaker(least_wait_s=one.engine.about.least_wait_s) for name, one in self.chosen.items()
        }
        self._user_agent, self._deadline_s, self._now_s = user_agent, deadline_s, now_s
        self._is_local_allowed = is_local_allowed
        self._clients: dict[bool, GuardedClient] = {}
        self._in_flight = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.chosen)

    def for_vertical(self, vertical: str) -> tuple[Chosen, ...]:
        return tuple(one for one in self.chosen.values() if vertical in one.engine.about.verticals)

    async def ask(self, asking: Asking, *, only: str = "") -> Outside:
        """What the engines for this kind of search say before the deadline. Never raises for
        anything that they do. only: asks this one alone, were it resting."""
        if not asking.query or len(asking.query) > LONGEST_QUERY:
            return Outside()
        asked = [one for one in self.for_vertical(asking.vertical) if only in ("", one.engine.about.name)]
        told = await asyncio.gather(*(self._tell(one, asking, is_test=bool(only)) for one in asked))
        return Outside(told=tuple(told))

    def health(self, name: str) -> Health:
        breaker, now_s = self._breakers[name], self._now_s()
        return Health(
            failures=breaker.failures,
            last_failure=breaker.last_failure,
            last_failure_ago_s=now_s - breaker.last_failure_s if breaker.last_failure else 0.0,
            rests_s=max(0.0, breaker.rests_until_s - now_s),
        )

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def _tell(self, one: Chosen, asking: Asking, *, is_test: bool) -> Told:
        breaker = self._breakers[one.engine.about.name]
        if breaker.is_resting(self._now_s()) and not is_test:
            return _told(one, "resting", breaker.last_failure)
        if self._in_flight >= _MOST_AT_ONCE or not breaker.take_turn(self._now_s()):
            return _told(one, "busy")
        self._in_flight += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._request(one, asking, breaker)
        except TimeoutError:
            breaker.fail("slow", self._now_s())
            return _told(one, "slow", "slow")
        finally:
            self._in_flight -= 1

    async def _request(self, one: Chosen, asking: Asking, breaker: Breaker) -> Told:
        from synfonium.libraries.network.client import RequestFailed

        wish = one.engine.request(asking, one.given)
        try:
            answer = await self._client(one).request(
                "POST" if wish.body else "GET",
                wish.url,
                headers={"accept": "application/json", **wish.headers},
                body=wish.body,
                largest_bytes=_LARGEST_ANSWER_BYTES,
            )
        except RequestFailed as failed:
            return self._failed(one, breaker, failed.reason)
        if answer.status != 200:
            return self._failed(one, breaker, "refused", _retry_after_s(answer))
        try:
            hits = one.engine.parse(answer.body, asking)
        except (ValueError, RecursionError):
            return self._failed(one, breaker, "unreadable")
        breaker.succeed()
        return _told(one, "answered", hits=hits)

    def _failed(self, one: Chosen, breaker: Breaker, why: Failure, retry_after_s: float = 0.0) -> Told:
        breaker.fail(why, self._now_s(), retry_after_s)
        log.info("search.engine_failed", engine=one.engine.about.name, reason=why)
        return _told(one, "slow" if why == "slow" else "failed", why)

    def _client(self, one: Chosen) -> "GuardedClient":
        from synfonium.libraries.network.client import GuardedClient

        is_local = self._is_local_allowed and one.is_own_address
        if is_local not in self._clients:
            self._clients[is_local] = GuardedClient(
                self._user_agent,
                is_local_allowed=is_local,
                slowest_s=self._deadline_s,
                connections=_MOST_AT_ONCE,
            )
        return self._clients[is_local]


def _told(one: Chosen, outcome: Outcome, failure: Failure = "", hits: Sequence[FederatedHit] = ()) -> Told:
    about = one.engine.about
    return Told(
        name=about.name,
        title=about.title,
        credit=about.credit,
        terms=about.terms,
        outcome=outcome,
        failure=failure,
        hits=tuple(hits[:MOST_HITS]),
    )


def _retry_after_s(answer: "Answer") -> float:
    """RFC 9110, section 10.2.3, in its form of seconds; 429 without it means a minute."""
    text = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503):
        return 0.0
    return float(text[:6]) if text[:6].isdigit() else 60.0 * (answer.status == 429)
