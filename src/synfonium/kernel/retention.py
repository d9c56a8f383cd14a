"""Removes rows whose declared end has come (`info["ends"]`, see kernel.personal)."""

import asyncio

from synfonium.kernel import logs
from synfonium.kernel.context import Context
from synfonium.kernel.personal_tables import sweep_rows, tables_of

__all__ = ["Retention"]

log = logs.get("kernel")
_FIRST_AFTER_S, _EVERY_S = 90.0, 3600.0


class Retention:
    """Sweeps one app's tables each hour, in the role that owns them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="retention")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def once(self) -> int:
        """One sweep; how many rows went."""
        tables, now_s = tables_of(self._context.app), self._context.clock.now_s()
        return await self._context.database.write(lambda c: sweep_rows(c, tables, now_s))

    async def _run(self) -> None:
        wait_s = _FIRST_AFTER_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = _EVERY_S
            try:
                log.info("kernel.retention", app=self._context.app.name, count=await self.once())
            except Exception as error:
                log.error("kernel.retention_failed", error)
