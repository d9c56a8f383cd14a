"""What one can do with PCs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from synfonium.apps.pc.service.acts import PcActs
from synfonium.apps.pc.service.broker import Broker
from synfonium.apps.pc.service.images import Images
from synfonium.apps.pc.service.live import LiveFolders
from synfonium.apps.pc.service.objects import PcObjects
from synfonium.apps.pc.service.opening import Opening
from synfonium.apps.pc.service.screens import Screens
from synfonium.apps.pc.service.tickets import Tickets
from synfonium.kernel.context import Context

__all__ = ["PcService", "open_service"]


class PcService:
    """The use cases, grouped by what they are about."""

    def __init__(self, context: Context) -> None:
        self.images = Images(context.folder / "images")
        self.live = LiveFolders(context)
        self.broker = Broker(context, self.images, self.live)
        self.objects = PcObjects(self.broker)
        self.acts = PcActs(self.broker)
        self.opening = Opening(context, self.broker, self.live)
        self.tickets = Tickets(context)
        self.screens = Screens(context, self.broker)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[PcService]:
    """Makes the rows true, then serves. Machines go on when the service ends."""
    service = PcService(context)
    await asyncio.to_thread(service.images.sweep)
    await service.broker.reconcile()
    watching = asyncio.create_task(service.broker.watch())
    try:
        yield service
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await service.acts.close()
        await service.live.close()
