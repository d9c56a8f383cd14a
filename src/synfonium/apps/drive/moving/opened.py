"""The drive together with what brings things into it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from synfonium.apps.drive.moving.movers import Movers
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.moving.words import said
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service import open_service as open_drive
from synfonium.kernel.actor import Person
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

__all__ = ["MovableDrive", "movers_of", "moving_now", "open_service"]

LOOK_EVERY_S = 0.3


class MovableDrive(DriveService):
    """All use cases."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.movers = Movers(self)
        self.when_erased.append(self.movers.forget)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[MovableDrive]:
    """Opens the drive; in the role that owns the database, jobs that were cut go on."""
    async with open_drive(context, MovableDrive) as service:
        task = asyncio.create_task(service.movers.for_ever()) if context.owns_database else None
        try:
            yield service
        finally:
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await service.movers.close()


def movers_of(context: Context) -> Movers:
    service: MovableDrive = context.service
    return service.movers


async def moving_now(
    context: Context, actor: Person, wanted: Wanted, progress: Progress
) -> dict[str, object]:
    """Begins a job and waits until it has ended or is paused. Whoever goes away leaves it going on."""
    movers = movers_of(context)
    job = await movers.begin(actor, wanted)
    while job.state in ("asking", "waiting", "running"):
        await progress(movers.login_url(job) or _("Moving in"), job.done_bytes, job.bytes + 1)
        await asyncio.sleep(LOOK_EVERY_S)
        job = await movers.one(actor, job.id)
    left = await movers.not_taken(job)
    return {
        "state": job.state,
        "why": said(job.why) if job.why else "",
        "done": job.done,
        "same": job.same,
        "left": [{"place": one.place, "why": said(one.why)} for one in left],
    }
