"""The fabric's use cases, gathered in one object per process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.fabric.contract import Grants
from synfonium.apps.fabric.service.acting import Acting
from synfonium.apps.fabric.service.authenticator import GrantAuthenticator
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.fabric.service.automation import Automation
from synfonium.apps.fabric.service.bridge import Bridge
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.service.hub import Hub
from synfonium.apps.fabric.service.indexing import Indexing
from synfonium.apps.fabric.service.journal import Journal
from synfonium.apps.fabric.service.ledger import Ledger
from synfonium.apps.fabric.service.listening import Listening
from synfonium.apps.fabric.service.mounting import Mounting
from synfonium.apps.fabric.service.objects import ObjectsOfApps
from synfonium.apps.fabric.service.opening import Opening
from synfonium.apps.fabric.service.outside import OutsideApps
from synfonium.apps.fabric.service.picking import Picking
from synfonium.apps.fabric.service.registering import Registering
from synfonium.apps.fabric.service.registry import Registry
from synfonium.apps.fabric.service.searching import Search
from synfonium.apps.fabric.service.story import Stories
from synfonium.apps.fabric.service.telling import Telling
from synfonium.apps.fabric.service.webhooks import Webhooks
from synfonium.kernel.context import Context

# Calls to outside apps that wait for nobody: slow ones take no turn from the others.
TOLD_AT_ONCE = 256


class FabricService:
    """What the doors call. One in the role that owns the fabric's database."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.authority = Authority(context)
        self.granting = Granting(context, self.authority)
        self.registry = Registry(context)
        self.registering = Registering(context, self.registry, self.granting)
        self.outside = OutsideApps(context, self.registry.secret_of)
        self.objects = ObjectsOfApps(context, self.outside)
        self.bridge = Bridge(context, self.authority, self.granting)
        self.ledger = Ledger(context, self.authority, self.granting)
        self.stories = Stories(context, self.ledger)
        self.picking = Picking(context, self.granting)
        self.mounting = Mounting(context, self.authority, self.granting)
        self.opening = Opening(context, self.granting)
        self.acting = Acting(context, self.objects, self.outside)
        self.indexing = Indexing(context)
        self.search = Search(context)
        self.automation = Automation(context, self.acting, self.objects)
        self.couriers = OutsideApps(context, self.registry.secret_of, connections=TOLD_AT_ONCE)
        telling = Telling(context, self.authority)
        self.hub = Hub(context)
        self.journal = Journal(context, self.authority)
        self.listening = Listening(context, self.hub, telling)
        self.webhooks = Webhooks(context, self.couriers, telling)
        self.journal.on_kept = self.hub.wake
        self.journal.on_due = self.webhooks.wake

    async def start(self) -> None:
        self.indexing.pump.start()
        await self.hub.start()
        await self.webhooks.start()
        await self.automation.start()

    async def stop(self) -> None:
        await self.automation.stop()
        await self.indexing.pump.stop()
        await self.hub.stop()
        await self.webhooks.stop()
        await self.authority.uses.close()
        for spoken_with in (self.outside, self.couriers, self.bridge):
            await spoken_with.close()


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[FabricService]:
    service = FabricService(context)
    if context.owns_database:
        await service.start()
    try:
        yield service
    finally:
        await service.stop()


def authority(context: Context) -> Authority:
    """The service's own where it runs, else one that only reads."""
    own: Authority = context.service.authority if context.service is not None else Authority(context)
    return own


def authenticator(context: Context) -> GrantAuthenticator:
    return GrantAuthenticator(context, context.offer(Grants))  # type: ignore[arg-type,type-abstract]


def objects(context: Context) -> ObjectsOfApps:
    found: ObjectsOfApps = context.service.objects
    return found


def apps(context: Context) -> Registry:
    """The service's own where it runs, which sees at once what was registered there."""
    own: Registry = context.service.registry if context.service is not None else Registry(context)
    return own
