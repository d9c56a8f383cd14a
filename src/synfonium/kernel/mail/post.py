"""Delivers one app's letters after their commit: none twice, none forgotten.

A row is marked right before the message may be accepted, in a commit of its own. After a
crash in that window nobody knows whether the letter went: it is not sent again but shown to
the administrator as perhaps sent, unless the engine takes the same Message-ID only once.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from synfonium.kernel import logs
from synfonium.kernel.mail.letter import Letter
from synfonium.kernel.mail.queue import Mail, Queued
from synfonium.kernel.metrics import Metric
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database
from synfonium.ports.mailer import Mailer, NotSent, Outgoing, PerhapsSent

__all__ = ["PostRules", "Postman"]

log = logs.get("mail")
_BATCH = 20
_ADDRESSES = 10_000
_HOUR_S = 3600.0
_letters = Metric("mail_letters_total", "Letters by how they ended.")

Compose = Callable[[Queued], Outgoing]
Refuses = Callable[[str, str], Awaitable[bool]]


class PostRules(msgspec.Struct, frozen=True, kw_only=True):
    """Waits and limits. give_up_s: after that long a letter has failed for good."""

    poll_s: float = 5.0
    first_wait_s: float = 60.0
    longest_wait_s: float = 4 * _HOUR_S
    give_up_s: float = 3 * 86_400.0
    per_minute: int = 600
    per_address_and_hour: int = 20


class Postman:
    """Runs between `start` and `stop` in the role that owns the app's database.

    compose: makes the message. refuses: whether a person has stopped notices of a topic.
    """

    def __init__(
        self,
        *,
        database: Database,
        mail: Mail,
        mailer: Mailer,
        compose: Compose,
        refuses: Refuses,
        clock: Clock,
        rules: PostRules | None = None,
    ) -> None:
        self._database, self._mail, self._mailer = database, mail, mailer
        self._compose, self._refuses, self._clock = compose, refuses, clock
        self._rules = rules or PostRules()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._recent: deque[float] = deque()
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._unwritten: list[Callable[[Connection], None]] = []

    def start(self) -> None:
        """Begins, within a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="postman")

    def wake(self) -> None:
        """Says that a letter was added; from any thread, also before the commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        if not await self._database.read(self._mail.exists):
            return
        await self._recover()
        while True:
            self._woken.clear()
            try:
                if await self.deliver():
                    continue
            except Exception as error:
                log.error("mail.post_failed", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rules.poll_s):
                    await self._woken.wait()

    async def _recover(self) -> None:
        is_idempotent = self._mailer.is_idempotent
        perhaps = await self._database.write(lambda c: self._mail.recover(c, is_idempotent=is_idempotent))
        if perhaps:
            log.warning("mail.perhaps_sent", count=perhaps)

    async def deliver(self) -> bool:
        """Sends what is due, up to one batch; whether there was any."""
        await self._write_up()
        # In the writer: a letter that woke us is then committed before or together with this.
        due = await self._database.write(lambda c: self._mail.due(c, _BATCH))
        for queued in due:
            await self._deliver_one(queued)
        return bool(due)

    async def _deliver_one(self, queued: Queued) -> None:
        letter, seq = queued.letter, queued.seq
        if letter is None:
            await self._note(lambda c: self._mail.end(c, seq, "failed", "sealed"), "failed", "sealed")
        elif letter.topic and letter.about and await self._refuses(letter.about, letter.topic):
            await self._note(lambda c: self._mail.sent(c, seq), "stopped")
        elif (wait_s := self._wait_for(letter)) > 0:
            next_s = self._clock.now_s() + wait_s
            await self._note(lambda c: self._mail.postponed(c, seq, next_s), "")
        else:
            await self._send(queued)

    async def _send(self, queued: Queued) -> None:
        seq = queued.seq
        try:
            message = self._compose(queued)
        except Exception as error:
            log.error("mail.not_composed", error)
            await self._note(lambda c: self._mail.end(c, seq, "failed", "template"), "failed", "template")
            return

        def handing_over() -> None:
            self._database.submit_write(lambda c: self._mail.hand(c, seq)).result(timeout=60)

        try:
            await self._mailer.send(message, handing_over)
        except NotSent as refusal:
            await self._refused(queued, refusal)
        except PerhapsSent:
            await self._note(lambda c: self._mail.end(c, seq, "perhaps", "no_answer"), "perhaps", "no_answer")
        else:
            await self._note(lambda c: self._mail.sent(c, seq), "sent")

    async def _refused(self, queued: Queued, refusal: NotSent) -> None:
        now_s, seq, code = self._clock.now_s(), queued.seq, refusal.code
        if refusal.is_temporary and now_s - queued.added_s < self._rules.give_up_s:
            longest_s = self._rules.longest_wait_s
            wait_s = min(self._rules.first_wait_s * 2 ** min(queued.attempts, 20), longest_s)
            await self._note(lambda c: self._mail.later(c, seq, code, now_s + wait_s), "waits", code)
        else:
            await self._note(lambda c: self._mail.end(c, seq, "failed", code), "failed", code)

    async def _note(self, work: Callable[[Connection], None], ended: str, code: str = "") -> None:
        """Writes down how it ended; when that fails now, before anything else is sent."""
        if ended:
            _letters.add(state=ended)
        if code:
            log.warning("mail.not_sent", state=ended, reason=code)
        self._unwritten.append(work)
        await self._write_up()

    async def _write_up(self) -> None:
        works = list(self._unwritten)

        def write(connection: Connection) -> None:
            for work in works:
                work(connection)

        if works:
            await self._database.write(write)
            del self._unwritten[: len(works)]

    def _wait_for(self, letter: Letter) -> float:
        """Seconds until this letter may go, by the limits; counts it when it may go now."""
        now_s = self._clock.now_s()
        to_one = self._by_address.setdefault(letter.to, deque())
        self._by_address.move_to_end(letter.to)
        if len(self._by_address) > _ADDRESSES:
            self._by_address.popitem(last=False)
        wait_s = max(
            _wait(self._recent, now_s, 60.0, self._rules.per_minute),
            _wait(to_one, now_s, _HOUR_S, self._rules.per_address_and_hour),
        )
        if wait_s <= 0:
            self._recent.append(now_s)
            to_one.append(now_s)
        return wait_s


def _wait(times: deque[float], now_s: float, span_s: float, most: int) -> float:
    while times and times[0] <= now_s - span_s:
        times.popleft()
    return 0.0 if len(times) < most else times[0] + span_s - now_s
