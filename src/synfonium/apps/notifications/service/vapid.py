"""The key by which push services know this installation: made once, kept sealed in the home."""

from synfonium.apps.notifications.store import pushes
from synfonium.kernel.context import Context
from synfonium.libraries.webpush import Vapid

PURPOSE = "notifications.vapid"


class VapidKey:
    """Browsers subscribe for this key alone: with another, every subscription would be lost."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._opened: Vapid | None = None

    async def get(self) -> Vapid:
        """The key; the first call of an installation makes it."""
        if self._opened is None:
            sealed = await self._context.database.read(pushes.vapid) or await self._make()
            secret = self._context.secrets.open(sealed, purpose=PURPOSE)
            self._opened = Vapid(secret, self._subject())
        return self._opened

    async def _make(self) -> bytes:
        sealed = self._context.secrets.seal(Vapid.new_secret(), purpose=PURPOSE)
        now_s = self._context.clock.now_s()
        return await self._context.database.write(lambda c: pushes.keep_vapid(c, sealed, now_s))

    def _subject(self) -> str:
        """How a push service reaches whoever runs this (RFC 8292, 2.1)."""
        site = self._context.site
        return site.public_url if site.public_url.startswith("https:") else f"mailto:synfonium@{site.host}"
