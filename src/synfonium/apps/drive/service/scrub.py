"""Reads all content again and again, slowly, so that damage is found while there is still a backup.

It needs no key: docs/decisions/0002-blob-format.md. Nothing is ever deleted.
"""

import asyncio
import time
from collections import Counter
from functools import partial

import msgspec

from synfonium.apps.drive.errors import SpaceLocked
from synfonium.apps.drive.model import BlobName, SpaceId
from synfonium.apps.drive.model.upkeep import DamageKind, Walk
from synfonium.apps.drive.service.alarm import Alarm
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import spaces, upkeep
from synfonium.kernel import logs
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.calls import Progress
from synfonium.kernel.i18n import _

log = logs.get("drive")
LOOK_EVERY_S = 60.0
FIRST_AFTER_S = 120.0
AT_ONCE = 200
KEEP_EVERY_S = 5.0
DAY_S = 86_400.0


class Stopped(Exception):
    """Somebody said that it is enough for now."""


class Scrub:
    """One walk at a time; it goes on after a restart where it was."""

    def __init__(self, room: Room) -> None:
        self._room, self._alarm = room, Alarm(room)
        self._lock = asyncio.Lock()
        self._hurrying = 0
        self._is_stopping = False
        self._walk = Walk()

    async def state(self) -> Walk:
        """How far it is."""
        return self._walk if self._lock.locked() else await self._room.read(upkeep.walk)

    async def damage(self) -> dict[str, int]:
        """How many contents are hurt, by kind; none that are not."""
        return dict(Counter(one.kind for one in await self._room.read(upkeep.all_damage)))

    async def for_ever(self) -> None:
        wait_s = FIRST_AFTER_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = LOOK_EVERY_S
            try:
                await self._room.damages.settle()
                await self._alarm.tell()
                if self._is_due(await self._room.read(upkeep.walk)):
                    await self.run()
            except Exception as failure:
                log.error("drive.scrub_failed", failure)

    def _is_due(self, walk: Walk) -> bool:
        if not self._room.config.scrub_days:
            return False
        late_s = self._room.now_s() - max(walk.ended_s, walk.begun_s)
        return walk.state == "running" or late_s > self._room.config.scrub_days * DAY_S

    async def now(self, progress: Progress) -> Walk:
        """A whole walk, or the rest of one, without sparing the disk. Whoever goes away leaves it
        going on at its own pace."""
        self._hurrying += 1
        task = asyncio.create_task(self.run())
        try:
            while not task.done():
                # The bar is full once, at the end.
                await progress(_("Reading all content"), self._walk.done, self._walk.total + 1)
                await asyncio.wait({task}, timeout=0.2)
            await progress(_("Reading all content"), 1, 1)
            return task.result()
        finally:
            self._hurrying -= 1

    async def begin(self) -> None:
        """Has it begun, or gone on with, at its own pace, and does not wait."""
        walk = await self._room.read(upkeep.walk)
        await self._keep(self._begun(walk))

    async def stop(self) -> None:
        """It stays where it is until somebody says so, or until the next is due."""
        self._is_stopping = self._lock.locked()
        if not self._is_stopping:
            walk = await self._room.read(upkeep.walk)
            if walk.state == "running":
                await self._keep(msgspec.structs.replace(walk, state="stopped"))

    async def run(self) -> Walk:
        """The rest of a walk that was begun, or a whole one; together with one that is under way."""
        if self._lock.locked():
            async with self._lock:
                return self._walk
        async with self._lock:
            self._walk = self._begun(await self._room.read(upkeep.walk))
            self._walk = msgspec.structs.replace(self._walk, total=await self._room.read(upkeep.count_blobs))
            await self._keep(self._walk)
            try:
                await self._all()
                ended = msgspec.structs.replace(
                    self._walk, state="idle", ended_s=self._room.now_s(), after="", total=self._walk.done
                )
            except Stopped:
                ended = msgspec.structs.replace(self._walk, state="stopped")
            finally:
                self._is_stopping = False
            await self._keep(ended)
            await self._room.damages.settle()
            await self._alarm.tell()
            log.info("drive.scrubbed", count=ended.done)
            return ended

    def _begun(self, walk: Walk) -> Walk:
        if walk.state == "idle":
            return Walk(state="running", begun_s=self._room.now_s(), ended_s=walk.ended_s)
        return msgspec.structs.replace(walk, state="running")

    async def _keep(self, walk: Walk) -> None:
        self._walk = walk
        await self._room.context.database.write(partial(upkeep.keep_walk, walk=walk))

    async def _all(self) -> None:
        kept_s = time.monotonic()
        while True:
            page = partial(upkeep.next_blobs, after=self._walk.after, limit=AT_ONCE)
            found = await self._room.read(page)
            for blob, space in found:
                read_bytes = await self._one(blob, space)
                self._walk = msgspec.structs.replace(
                    self._walk,
                    after=blob,
                    done=self._walk.done + 1,
                    done_bytes=self._walk.done_bytes + read_bytes,
                )
                if time.monotonic() - kept_s > KEEP_EVERY_S:
                    kept_s = time.monotonic()
                    await self._keep(self._walk)
            if not found:
                return

    async def _one(self, blob: BlobName, space: SpaceId) -> int:
        try:
            read_bytes = await self._room.sealed.scrub(blob, self._pace)
        except (BlobDamaged, KeyError) as failure:
            await self._hurt(blob, space, is_missing=isinstance(failure, KeyError))
            return 0
        await self._room.damages.healed(blob)
        return read_bytes

    async def _hurt(self, blob: BlobName, space: SpaceId, *, is_missing: bool) -> None:
        # Somebody may have removed the file since its name was read.
        if await self._room.read(partial(upkeep.is_wanted, blob=blob)):
            kind: DamageKind = "missing" if is_missing else await self._kind(blob, space)
            await self._room.damages.found(blob, space, kind)

    async def _kind(self, blob: BlobName, space_id: SpaceId) -> DamageKind:
        """Whether the content itself can still be read, every byte verified with its key."""
        space = await self._room.read(partial(spaces.by_id, space=space_id))
        if space is None:
            return "damaged"
        try:
            async for piece in self._room.sealed.read(await self._room.key(space), blob):
                await self._pace(len(piece))
        except (BlobDamaged, KeyError, SpaceLocked):
            return "damaged"
        return "seal"

    async def _pace(self, read_bytes: int) -> None:
        if self._is_stopping:
            raise Stopped
        if not self._hurrying:
            await asyncio.sleep(read_bytes / (self._room.config.scrub_mib_per_s * 1024 * 1024))
