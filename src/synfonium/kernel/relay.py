"""Carries one app's events from its outbox to the bus: in order, at least once."""

import asyncio
from collections.abc import Coroutine, Sequence

from sqlalchemy import Connection

from synfonium.common.event import Event
from synfonium.kernel import logs
from synfonium.kernel.gathering import Gathering
from synfonium.kernel.outbox import PARKED_AT, Outbox
from synfonium.ports.bus import EventBus, NotDelivered
from synfonium.ports.database import Database

__all__ = ["ATTEMPTS", "Relay"]

log = logs.get("kernel")

ATTEMPTS = PARKED_AT
_BATCH = 100
_UNDER_WAY = 1000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 30.0
# For events that another process wrote, and for whatever a wake-up might miss.
_POLL_S = 5.0
_GATHER_S, _GATHER_MOST_S = 0.02, 0.4

Pending = Sequence[tuple[int, Event, int]]


class Relay:
    """Runs between `start` and `stop` on the event loop of the process that owns the database.

    Events are published as they come, and the bus keeps them in order for each subscription:
    a slow one delays itself alone, until 1,000 events are under way. An event that is not
    delivered is published again after 0.25 s, 0.5 s, … 30 s. After 8 attempts it is parked: it
    keeps its row with `attempts` 8, an error is logged, and those behind it go on. A subscriber
    whose role is away, or whose disk is full, is waited for and not counted: that is not the
    event's fault.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        bus: EventBus,
        *,
        poll_s: float = _POLL_S,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        self._database, self._outbox, self._bus = database, outbox, bus
        self._poll_s, self._first_wait_s = poll_s, first_wait_s
        self._after = 0
        self._delivered: list[int] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._open = 0
        self._gathering = Gathering(_GATHER_S, _GATHER_MOST_S)
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, within a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="relay")

    def wake(self) -> None:
        """Says that the outbox got an event; from any thread, also before the commit."""
        # Who has been woken and has not looked yet looks in the writer, after what this tells of.
        if self._loop is not None and not self._woken.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Ends; what was not delivered is delivered after the next start."""
        task, self._task = self._task, None
        tasks = [*([task] if task else []), *self._under_way]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        if not await self._database.read(self._outbox.exists):
            return
        while True:
            self._woken.clear()
            try:
                if await self._begin():
                    continue
            except Exception as error:
                log.error("kernel.relay_failed", error)
            await self._pause()

    async def _begin(self) -> bool:
        """Begins to publish the next events; whether there may be more."""
        batch = await self._exchange(min(_BATCH, _UNDER_WAY - self._open))
        if not batch:
            return False
        self._open += len(batch)
        self._after = batch[-1][0]
        self._start(self._deliver_many(batch))
        # What is added meanwhile comes with the next, which costs a commit here and in each subscriber.
        wait_s = self._gathering.next_s()
        if len(batch) < _BATCH:
            await asyncio.sleep(wait_s)
        return True

    def _start(self, delivery: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(delivery)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _landed(self, seq: int | None) -> None:
        """An event is on its way no more. seq: of one that need not be kept."""
        self._open -= 1
        if seq is not None:
            self._delivered.append(seq)
        self._woken.set()

    async def _deliver_many(self, batch: Pending) -> None:
        fresh = [event for _seq, event, attempts in batch if attempts < ATTEMPTS]
        try:
            refusals = dict(zip((e.id for e in fresh), await self._bus.publish_many(fresh), strict=True))
        except Exception as error:
            log.error("kernel.relay_failed", error)
            refusals = {event.id: NotDelivered("the bus", is_temporary=True) for event in fresh}
        for seq, event, attempts in batch:
            refusal = refusals.get(event.id)
            if refusal is None and event.id in refusals:
                self._landed(seq)
            else:
                self._start(self._deliver(seq, event, attempts, refusal))

    async def _deliver(self, seq: int, event: Event, attempts: int, refusal: NotDelivered | None) -> None:
        """What was not delivered with the others; until it is, or is given up."""
        while True:
            try:
                is_delivered = await self._publish(seq, event, attempts, refusal)
            except Exception as error:  # the database, when it was to write how often it failed
                log.error("kernel.relay_failed", error)
                refusal = None
                await asyncio.sleep(self._first_wait_s)
            else:
                self._landed(seq if is_delivered else None)
                return

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _exchange(self, most: int) -> Pending:
        """Forgets the delivered events and takes the next ones, in one commit.

        In the writer and not in a reader: an event that woke us is then committed before
        or together with this, and is not overlooked.
        """
        delivered, after = list(self._delivered), self._after

        def exchange(connection: Connection) -> Pending:
            if delivered:
                self._outbox.done(connection, delivered)
            return self._outbox.pending(connection, after, most)

        batch = await self._database.write(exchange)
        del self._delivered[: len(delivered)]
        return batch

    async def _publish(self, seq: int, event: Event, attempts: int, refusal: NotDelivered | None) -> bool:
        """Whether it was delivered; if not, it was given up. refusal: of the attempt just made."""
        wait_s = self._first_wait_s
        while attempts < ATTEMPTS:
            refusal = refusal or await self._refusal(event)
            if refusal is None:
                return True
            if refusal.is_temporary:
                await asyncio.sleep(self._first_wait_s)
            else:
                attempts += 1
                await self._failed(seq, event, attempts, refusal)
                if attempts < ATTEMPTS:
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
            refusal = None
        await self._bus.abandon(event)
        return False

    async def _refusal(self, event: Event) -> NotDelivered | None:
        try:
            await self._bus.publish(event)
        except NotDelivered as refusal:
            return refusal
        return None

    async def _failed(self, seq: int, event: Event, attempts: int, error: NotDelivered) -> None:
        await self._database.write(lambda connection: self._outbox.failed(connection, seq))
        cause = error.__cause__ or error
        if attempts < ATTEMPTS:
            log.warning("kernel.event_failed", type=event.type, attempts=attempts, error=type(cause).__name__)
        else:
            log.error("kernel.event_parked", cause, type=event.type, attempts=attempts)
