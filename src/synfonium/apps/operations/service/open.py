"""Operations, opened in a role: the worker works, the web role reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.operations.service.backups import JOB, Backups
from synfonium.apps.operations.service.schedule import Schedule
from synfonium.kernel.context import Context


class OperationsService:
    """backups, schedule: where the database is written."""

    def __init__(self, context: Context) -> None:
        self.backups = Backups(context)
        self.schedule = Schedule(context, self.backups)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[OperationsService]:
    service = OperationsService(context)
    if not context.owns_database:
        yield service
        return
    context.jobs.register(JOB, service.backups.work)
    await service.backups.resume()
    looking = asyncio.create_task(service.schedule.for_ever())
    try:
        yield service
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
