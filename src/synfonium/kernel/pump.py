"""Works off a durable queue of one app, in the role that owns its database."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.gathering import Gathering

__all__ = ["Pump"]

log = logs.get("kernel")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 30.0
# For what another process wrote, and for whatever a wake-up might miss.
_POLL_S = 5.0


class Pump:
    """Runs between `start` and `stop`: calls `work` until it says that no more may be left.

    work: takes the next few things of the queue, does them, and only then takes them out; so
    a crash anywhere does them again. It says whether they were as many as it takes at once. When it
    raises, it is asked again after 0.25 s, 0.5 s, … 30 s: one thing that can never be done is for
    `work` to put aside. gather_s: how long it lets more come when it is woken, where a few at once
    cost little more than one; up to six times as long while more and more come.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[bool]],
        *,
        poll_s: float = _POLL_S,
        gather_s: float = 0.0,
    ) -> None:
        self._name, self._work, self._poll_s = name, work, poll_s
        self._gathering = Gathering(gather_s, 6 * gather_s)
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, within a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name=self._name)

    def wake(self) -> None:
        """Says that something was added; from any thread, after the commit."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def stop(self) -> None:
        """Ends; what is left is done after the next start."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        wait_s = _FIRST_WAIT_S
        while True:
            self._woken.clear()
            try:
                if await self._work():
                    wait_s = _FIRST_WAIT_S
                    continue
            except Exception as error:
                _note(error)
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._woken.wait()
            await asyncio.sleep(self._gathering.next_s())


def _note(error: Exception) -> None:
    """A part that is away or has no room is no mistake."""
    if isinstance(error, Problem) and error.status in (503, 507):
        log.warning("kernel.pump_waits", code=error.code)
    else:
        log.error("kernel.pump_failed", error)
