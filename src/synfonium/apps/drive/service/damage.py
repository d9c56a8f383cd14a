"""Content that is known to be damaged: refused at once, with what one can do."""

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial

from sqlalchemy import Connection

from synfonium.apps.drive.errors import ContentDamaged
from synfonium.apps.drive.model import BlobName, SpaceId
from synfonium.apps.drive.model.upkeep import Damage, DamageKind
from synfonium.apps.drive.store import upkeep
from synfonium.kernel import logs
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.context import Context

log = logs.get("drive")


class Damages:
    """All of them in memory, since every reading asks: there are few, or the disk is done for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, DamageKind] = {}
        self._healed: list[str] = []
        self.is_news = False

    async def load(self) -> None:
        found = await self._context.database.read(upkeep.all_damage)
        self._known = {one.blob: one.kind for one in found}

    def refuse(self, blob: BlobName) -> None:
        """Raises ContentDamaged for what cannot be read."""
        if self.is_refused(blob):
            raise ContentDamaged

    def is_refused(self, blob: BlobName) -> bool:
        return bool(self._known) and self._known.get(blob, "seal") != "seal"

    async def found(self, blob: BlobName, space: SpaceId, kind: DamageKind) -> None:
        """Remembers it, here and in the table."""
        self._known[blob] = kind
        now_s = self._context.clock.now_s()
        one = Damage(blob=blob, space=space, kind=kind, found_s=now_s)
        if await self._context.database.write(partial(upkeep.add_damage, found=one)):
            self.is_news = True
            log.warning("drive.content_damaged", kind=kind)

    def give_way(self, blob: str) -> bool:
        """Whether the same content, which has just come again, is to take the damaged one's place."""
        if self._known.pop(blob, None) is None:
            return False
        self._healed.append(blob)
        return True

    async def healed(self, blob: BlobName) -> None:
        """The bytes are as they were written."""
        if self._known.pop(blob, None) is not None:
            self._healed.append(blob)
            await self.settle()

    async def settle(self) -> None:
        """Forgets in the table what is whole again, or nobody's any more."""
        healed, self._healed = self._healed, []

        def work(connection: Connection) -> None:
            upkeep.forget_damage(connection, healed)
            upkeep.forget_gone(connection)

        await self._context.database.write(work)

    async def watched(
        self, blob: BlobName, space: SpaceId, pieces: AsyncIterator[bytes]
    ) -> AsyncGenerator[bytes, None]:
        """The pieces; what turns out to be damaged while it is read is remembered. Raises ContentDamaged."""
        try:
            async for piece in pieces:
                yield piece
        except (BlobDamaged, KeyError) as failure:
            kind: DamageKind = "missing" if isinstance(failure, KeyError) else "damaged"
            if await self._context.database.read(partial(upkeep.is_wanted, blob=blob)):
                await self.found(blob, space, kind)
            raise ContentDamaged from None
