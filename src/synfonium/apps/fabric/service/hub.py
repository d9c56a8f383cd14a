"""Listeners of this process: one reader of the journal tells each of what it may hear."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress

from synfonium.apps.fabric.config import FabricConfig
from synfonium.apps.fabric.errors import TooManyListen
from synfonium.apps.fabric.model.facts import Fact, Listener, wants
from synfonium.apps.fabric.store import facts as store
from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.metrics import Metric

AT_ONCE = 200
BUFFERED = 256
POLL_S = 5.0
log = logs.get("fabric")
listening = Metric("fabric_listeners", "Connections that listen to events.", "gauge")
Heard = tuple[Fact, Sequence[str]]


class Ear:
    """What one connection has still to be told. Behind: it reads too slowly, and was let go."""

    __slots__ = ("_waiting", "heard", "is_behind", "is_over", "to", "types")

    def __init__(self, to: Listener, types: Collection[str]) -> None:
        self.to, self.types = to, types
        self.heard: deque[Heard] = deque()
        self.is_behind = self.is_over = False
        self._waiting: asyncio.Future[None] | None = None

    def hear(self, fact: Fact, grants: Sequence[str]) -> None:
        if self.is_behind or (self.types and not wants(self.types, fact.type)):
            return
        if len(self.heard) >= BUFFERED:
            self.is_behind = True
            self.heard.clear()
        else:
            self.heard.append((fact, grants))
        self.wake()

    def end(self) -> None:
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, timeout_s: float) -> None:
        """Until there is something to hear, the end, or the time is over."""
        if self.heard or self.is_over or self.is_behind:
            return
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(timeout_s, self.wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None


class Hub:
    """Tells the ears; an event costs as much as those who hear it, not as those who listen.
    place: up to where the journal was told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        config = context.config if isinstance(context.config, FabricConfig) else FabricConfig()
        self._most, self._most_each = config.most_listeners, config.most_listeners_each
        self._ears: dict[Listener, set[Ear]] = {}
        self._count, self.place = 0, 0
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.place = await self._context.database.read(store.last)
        self._task = asyncio.create_task(self._run(), name="fabric events")

    async def stop(self) -> None:
        for ears in list(self._ears.values()):
            for ear in list(ears):
                ear.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        self._woken.set()

    def open(self, to: Listener, types: Collection[str]) -> Ear:
        """From now on it hears. Raises TooManyListen."""
        ears = self._ears.setdefault(to, set())
        if self._count >= self._most or len(ears) >= self._most_each:
            if not ears:
                del self._ears[to]
            raise TooManyListen
        ear = Ear(to, types)
        ears.add(ear)
        self._count += 1
        listening.set(self._count)
        return ear

    def close(self, ear: Ear) -> None:
        ears = self._ears.get(ear.to, set())
        if ear in ears:
            ears.remove(ear)
            self._count -= 1
            listening.set(self._count)
        if not ears:
            self._ears.pop(ear.to, None)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                if await self._read() == AT_ONCE:
                    continue
            except Exception as error:  # the next try may do better; nothing is lost
                log.error("fabric.events_not_read", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()

    async def _read(self) -> int:
        if not self._count:
            last = await self._context.database.read(store.last)
            if not self._count:  # who came meanwhile hears of all
                self.place = last
                return 0
        place = self.place
        found, hearers = await self._context.database.read(lambda c: store.after(c, place, AT_ONCE))
        by_place: dict[int, dict[Listener, list[str]]] = {}
        for one in hearers:
            listener = Listener(one.app, one.person)  # type: ignore[arg-type]
            by_place.setdefault(one.seq, {}).setdefault(listener, []).append(one.grant)
        for fact in found:
            self._tell(fact, by_place.get(fact.seq, {}))
            self.place = fact.seq
        return len(found)

    def _tell(self, fact: Fact, hearers: dict[Listener, list[str]]) -> None:
        own = Listener("", fact.owner)  # type: ignore[arg-type]
        for to, grants in ({**hearers, own: []}).items():
            for ear in self._ears.get(to, ()):
                ear.hear(fact, grants)
