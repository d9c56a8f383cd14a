"""The last check-up, kept: a page is not made to wait for a large home to be gone through."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from synfonium.apps.operations.contract import Finding

FRESH_S = 600.0
WAIT_S = 4.0


class CheckUp(msgspec.Struct, frozen=True, kw_only=True):
    """time_s: when it was made, 0 when none has ended yet. is_running: another is being made."""

    time_s: float = 0.0
    findings: list[Finding] = []
    is_running: bool = False


class CheckUps:
    """Makes one at a time, when it is asked for and the last is old."""

    def __init__(self, make: Callable[[], Awaitable[list[Finding]]], now_s: Callable[[], float]) -> None:
        self._make, self._now_s = make, now_s
        self._last = CheckUp()
        self._task: asyncio.Task[None] | None = None

    async def latest(self, *, anew: bool = False) -> CheckUp:
        """The last one, or a new one when that takes less than a few seconds."""
        if self._task is None and (anew or self._now_s() - self._last.time_s > FRESH_S):
            self._task = asyncio.create_task(self._run())
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=WAIT_S)
        return msgspec.structs.replace(self._last, is_running=self._task is not None)

    async def _run(self) -> None:
        try:
            findings = await self._make()
            self._last = CheckUp(time_s=self._now_s(), findings=findings)
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
