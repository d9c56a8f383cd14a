"""Operations, opened in a role: the worker works, the web role reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from synfonium.apps.operations.service.backups import JOB, Backups
from synfonium.apps.operations.service.checkup import CheckUps
from synfonium.apps.operations.service.doctor import look_over
from synfonium.apps.operations.service.pulse import Pulse
from synfonium.apps.operations.service.schedule import Schedule
from synfonium.kernel.context import Context


class OperationsService:
    """What the worker does by itself, and what it is asked for."""

    def __init__(self, context: Context) -> None:
        self.backups = Backups(context)
        self.schedule = Schedule(context, self.backups)
        self.pulse = Pulse(context)
        self.check_ups = CheckUps(partial(look_over, context), context.clock.now_s)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[OperationsService]:
    service = OperationsService(context)
    if not context.owns_database:
        yield service
        return
    context.jobs.register(JOB, service.backups.work)
    await service.backups.resume()
    loops = (service.schedule.for_ever(), service.pulse.for_ever())
    looking = [asyncio.create_task(loop) for loop in loops]
    try:
        yield service
    finally:
        for task in looking:
            task.cancel()
        await service.check_ups.close()
        await asyncio.gather(*looking, return_exceptions=True)
