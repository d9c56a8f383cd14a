"""What one can do with notifications; in the role that owns their database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.notifications.service.bell import Bell
from synfonium.apps.notifications.service.choosing import Choosing
from synfonium.apps.notifications.service.devices import Devices
from synfonium.apps.notifications.service.pushing import Pusher
from synfonium.apps.notifications.service.reading import Reading
from synfonium.apps.notifications.service.speaking import Speaker
from synfonium.apps.notifications.service.telling import Telling
from synfonium.apps.notifications.service.vapid import VapidKey
from synfonium.kernel.context import Context

__all__ = ["NotificationsService", "open_service"]


class NotificationsService:
    """The use cases, and the loop that pushes."""

    def __init__(self, context: Context) -> None:
        self.speaker = Speaker(context)
        self.bell = Bell(context)
        self.vapid = VapidKey(context)
        self.pusher = Pusher(context, self.vapid, self.speaker)
        self.telling = Telling(context, self.bell, self.pusher.wake)
        self.reading = Reading(context, self.bell)
        self.choosing = Choosing(context, self.bell, self.pusher.wake)
        self.devices = Devices(context, self.vapid, self.pusher.wake)


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[NotificationsService]:
    """While it is open, what waits is pushed."""
    service = NotificationsService(context)
    pushing = asyncio.create_task(service.pusher.for_ever())
    try:
        yield service
    finally:
        service.bell.close()
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
        await service.pusher.close()
