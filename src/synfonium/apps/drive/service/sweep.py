"""Clearing what nobody needs any more, in small steps, with a wide grace."""

import asyncio
import time
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.model import BlobName, Node, NodeId, Space, SpaceId
from synfonium.apps.drive.service.group_ends import GroupEnds
from synfonium.apps.drive.service.previews import Previews
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.service.thinning import Thinning
from synfonium.apps.drive.service.trash import detach, remove_slice
from synfonium.apps.drive.service.uploads import Uploads
from synfonium.apps.drive.store import journal, locks, nodes, quarantine, spaces, trash, versions
from synfonium.common.ids import PersonId
from synfonium.kernel import logs

log = logs.get("drive")
FIRST_AFTER_S = 60.0
EVERY_S = 3600.0
# Longer than any download or upload, so that nobody's bytes go while they are on the way.
GRACE_S = 24 * 3600.0
AT_ONCE = 200
HOUSE = PersonId("house")


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """How much went. nodes: slices of trees removed for ever. strangers: blobs without a
    row that were found, and go a day later. uploads: in parts, that nothing came for.
    versions: old ones that made room. previews: contents whose pictures were let go."""

    trashed: int
    nodes: int
    locks: int
    changes: int
    blobs: int
    unfinished: int
    strangers: int
    uploads: int
    versions: int
    previews: int


class Sweep:
    """Every step may be cut anywhere and asked again."""

    def __init__(self, room: Room, uploads: Uploads, thinning: Thinning, previews: Previews) -> None:
        self._room, self._uploads, self._thinning, self._previews = room, uploads, thinning, previews
        self._looked_s, self._group_ends = 0.0, GroupEnds(room)

    async def for_ever(self) -> None:
        wait_s = FIRST_AFTER_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = EVERY_S
            try:
                await self.once()
            except Exception as failure:
                log.error("drive.sweep_failed", failure)

    async def once(self) -> Swept:
        """One whole sweep."""
        started = time.monotonic()
        now_s, config = self._room.now_s(), self._room.config
        write = self._room.context.database.write
        trashed = await self._expire_trash(now_s - config.trash_days * 86_400) if config.trash_days else 0
        await write(quarantine.forget_gone)
        await self._group_ends.once()
        swept = Swept(
            trashed=trashed,
            nodes=await self._finish_removals(),
            locks=await write(lambda c: locks.remove_expired(c, now_s)),
            changes=await write(lambda c: journal.trim(c, now_s - config.changes_days * 86_400)),
            uploads=await self._uploads.sweep(),
            versions=await self._thinning.once(),
            previews=await self._previews.sweep(),
            blobs=await self._remove_idle_blobs(now_s - GRACE_S),
            unfinished=await self._room.context.blobs.sweep_unfinished(GRACE_S),
            strangers=await self._adopt_strangers(now_s),
        )
        took_ms = int((time.monotonic() - started) * 1000)
        log.info("drive.swept", count=swept.nodes + swept.blobs, took_ms=took_ms)
        return swept

    async def _expire_trash(self, before_s: float) -> int:
        count = 0
        while True:
            old = await self._room.read(lambda c: trash.older_than(c, before_s, AT_ONCE))
            for space_id, node in old:
                await self._room.write(space_id, partial(self._expire, space_id=space_id, node=node))
            count += len(old)
            if len(old) < AT_ONCE:
                return count

    def _expire(self, connection: Connection, space_id: SpaceId, node: NodeId) -> None:
        space = spaces.by_id(connection, space_id)
        found: Node | None = nodes.find(connection, node)
        if space is None or found is None:
            trash.forget(connection, [node])
            return
        reach = Reach(space=space, top=space.root, person=HOUSE, by_app="drive")
        detach(self._room, connection, reach, found)

    async def _finish_removals(self) -> int:
        count = 0
        while True:
            leaving = await self._room.read(lambda c: trash.leaving(c, AT_ONCE))
            for space_id, node in leaving:
                space = await self._room.read(partial(spaces.by_id, space=space_id))
                count += await self._remove_tree(space, node) if space else 0
            if len(leaving) < AT_ONCE:
                return count

    async def _remove_tree(self, space: Space, node: NodeId) -> int:
        slices = 0
        is_done = False
        while not is_done:
            is_done = await self._room.context.database.write(
                lambda c: remove_slice(self._room, c, space, node)
            )
            slices += 1
            await asyncio.sleep(0)
        return slices

    async def _adopt_strangers(self, now_s: float) -> int:
        """Walks through the names of all blobs, once a day: there may be very many."""
        if now_s - self._looked_s < GRACE_S:
            return 0
        self._looked_s = now_s
        count, names = 0, list[str]()
        async for name in self._room.context.blobs.names():
            names.append(name)
            if len(names) == AT_ONCE:
                count += await self._adopt(names, now_s)
                names = []
        return count + await self._adopt(names, now_s)

    async def _adopt(self, names: list[str], now_s: float) -> int:
        if not names:
            return 0
        return await self._room.context.database.write(partial(versions.adopt, names=names, now_s=now_s))

    async def _remove_idle_blobs(self, before_s: float) -> int:
        count = 0
        idle = await self._room.read(lambda c: versions.idle_blobs(c, before_s=before_s, limit=AT_ONCE))
        while idle:
            for blob in idle:
                count += await self._remove_blob(blob)
            if len(idle) < AT_ONCE or not count:
                return count
            idle = await self._room.read(lambda c: versions.idle_blobs(c, before_s=before_s, limit=AT_ONCE))
        return count

    async def _remove_blob(self, blob: BlobName) -> int:
        # An upload of the same content finds the bytes there and does not write them
        # again: none may be between its bytes and its row while they go.
        async with self._room.gate.removal() as is_free:
            if not is_free:
                return 0
            if not await self._room.context.database.write(lambda c: versions.forget_blob(c, blob)):
                return 0
            await self._room.context.blobs.delete(blob)
            return 1
