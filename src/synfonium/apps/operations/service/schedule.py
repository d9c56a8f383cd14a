"""When the next backup or rehearsal is due."""

import asyncio

from sqlalchemy import Connection

from synfonium.apps.operations.config import OperationsConfig
from synfonium.apps.operations.model.run import Rhythm, next_backup_s, next_rehearsal_s
from synfonium.apps.operations.service.backups import Backups
from synfonium.apps.operations.store import runs
from synfonium.kernel import logs
from synfonium.kernel.context import Context

log = logs.get("operations")
LOOK_EVERY_S = 60.0
FIRST_AFTER_S = 20.0
KEPT_DAYS = 400


class Schedule:
    """Wants what is due, looking once a minute."""

    def __init__(self, context: Context, backups: Backups) -> None:
        self._context, self._backups = context, backups
        self._config: OperationsConfig = context.config

    async def for_ever(self) -> None:
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            try:
                await self.look()
            except Exception as failure:
                log.error("operations.schedule_failed", failure)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Wants the backup or the rehearsal that is due now."""
        if not self._config.backup_to:
            return
        now_s = self._context.clock.now_s()
        found = await self._context.database.read(runs.latest)
        rhythm = rhythm_of(self._config)
        if next_backup_s(found, rhythm, now_s) == now_s:
            await self._backups.want("backup")
        elif next_rehearsal_s(found, rhythm, now_s) == now_s:
            await self._backups.want("rehearsal")
        await self._context.database.write(lambda c: _forget(c, now_s))


def rhythm_of(config: OperationsConfig) -> Rhythm:
    return Rhythm.of(config.backup_every_hours, config.rehearse_every_days)


def _forget(connection: Connection, now_s: float) -> None:
    runs.forget_before(connection, now_s - KEPT_DAYS * 86_400)
