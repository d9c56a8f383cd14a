"""The provider's parts, put together, and what they do by themselves."""

import asyncio

from synfonium.apps.identity.model.oauth.words import ACCESS_LIFE_S
from synfonium.apps.identity.service.oauth.authentication import Authentication
from synfonium.apps.identity.service.oauth.devices import Devices
from synfonium.apps.identity.service.oauth.fetching import Fetcher
from synfonium.apps.identity.service.oauth.granting import Granting
from synfonium.apps.identity.service.oauth.inspecting import Inspecting
from synfonium.apps.identity.service.oauth.issuing import Issuing
from synfonium.apps.identity.service.oauth.keys import SigningKeys
from synfonium.apps.identity.service.oauth.logout import Logouts
from synfonium.apps.identity.service.oauth.provider import Provider
from synfonium.apps.identity.service.oauth.proving import Proving
from synfonium.apps.identity.service.oauth.registration import UNUSED_S, Registrations
from synfonium.apps.identity.store.oauth import clients, issued
from synfonium.kernel import logs
from synfonium.kernel.context import Context

TEND_EVERY_S = 3600

log = logs.get("identity")


class OAuth:
    """What the provider's doors call."""

    def __init__(self, context: Context, keys: SigningKeys) -> None:
        self._context, self.keys = context, keys
        self.fetcher = Fetcher(context)
        self.proving = Proving(context, self.fetcher)
        self.authentication = Authentication(context, self.proving)
        self.issuing = Issuing(context, keys)
        self.registrations = Registrations(context, self.fetcher, keys)
        self.provider = Provider(context, keys, self.authentication, self.issuing)
        self.granting = Granting(context, self.authentication, self.issuing)
        self.inspecting = Inspecting(context, self.authentication, self.issuing, self.proving)
        self.devices = Devices(context, self.authentication, self.provider)
        self.logouts = Logouts(context, keys, self.issuing, self.fetcher)

    @classmethod
    async def open(cls, context: Context) -> "OAuth":
        return cls(context, await SigningKeys.load(context))

    def start(self) -> list[asyncio.Task[None]]:
        """Begins what goes on by itself; the caller cancels it."""
        return [
            asyncio.create_task(self.logouts.tell_for_ever(), name="logouts"),
            asyncio.create_task(self._tend_for_ever(), name="keys"),
        ]

    async def close(self) -> None:
        await self.fetcher.close()

    async def _tend_for_ever(self) -> None:
        while True:
            try:
                await self.tend()
            except Exception as failure:
                log.error("identity.provider_not_tended", failure)
            await asyncio.sleep(TEND_EVERY_S)

    async def tend(self) -> None:
        """Makes keys that are due, removes rows that expired and clients that nobody ever used."""
        await self.keys.tend()
        now_s = self._context.clock.now_s()
        await self._context.database.write(lambda c: issued.forget_expired(c, now_s, ACCESS_LIFE_S))
        await self._context.database.write(lambda c: clients.forget_unused(c, now_s - UNUSED_S))
