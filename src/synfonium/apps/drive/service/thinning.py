"""Old versions make room: by their age, by the day, and never beyond their share."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection

from synfonium.apps.drive.model import NodeId, SpaceId, VersionId
from synfonium.apps.drive.model.versions import DAY_S, MOST_OF_A_FILE, too_many
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import history, spaces, versions
from synfonium.kernel import logs

log = logs.get("drive")
AT_ONCE = 200
FOR_EVER_S = 1e12
# Within this, versions come from one band of the rules into the next nearly every hour.
LATELY_S = DAY_S + 3600
WHOLE_EVERY_S = DAY_S


class Thinning:
    """Every step may be cut anywhere and asked again."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._looked_s = 0.0

    async def for_ever(self) -> None:
        """Looks where much was written over."""
        while True:
            for space in await self._room.replaced.due():
                try:
                    await self.space(space)
                except Exception as failure:
                    log.error("drive.thinning_failed", failure)

    async def once(self) -> int:
        """Thins out what was replaced lately, and once a day everything; tells how many went."""
        now_s = self._room.now_s()
        is_whole = now_s - self._looked_s >= WHOLE_EVERY_S
        since_s = 0.0 if is_whole else now_s - LATELY_S
        if is_whole:
            self._looked_s = now_s
        count, after = 0, ""
        while True:
            page = partial(history.spaces_with_old, after=after, since_s=since_s, limit=AT_ONCE)
            found = await self._room.read(page)
            for space in found:
                count += await self.space(space, since_s=since_s)
            if len(found) < AT_ONCE:
                return count
            after = found[-1]

    async def space(self, space: SpaceId, *, since_s: float = 0.0) -> int:
        """Thins out one space, and keeps it within its share."""
        count, after = 0, ""
        while True:
            page = partial(history.nodes_with_old, space=space, after=after, since_s=since_s, limit=AT_ONCE)
            found = await self._room.read(page)
            for node in found:
                count += await self._node(node)
            if len(found) < AT_ONCE:
                return count + await self._fit(space)
            after = found[-1]

    async def _node(self, node: NodeId) -> int:
        days, now_s = self._room.config.versions_days, self._room.now_s()
        longest_s = days * DAY_S if days else FOR_EVER_S
        kept = await self._room.read(partial(history.of_node, node=node, limit=10 * MOST_OF_A_FILE))
        gone = too_many([v for v in kept if not v.is_present], now_s, longest_s=longest_s)
        return await self._drop([version.id for version in gone])

    async def _fit(self, space_id: SpaceId) -> int:
        """The oldest go until the rest is within the share."""
        space = await self._room.read(partial(spaces.by_id, space=space_id))
        if space is None:
            return 0
        share = self._room.replaced.share_bytes((await self._room.allowances.of(space)).most_bytes)
        count = 0
        while share is not None:
            gone = await self._room.read(partial(_beyond, space=space_id, share=share))
            count += await self._drop(gone)
            if len(gone) < AT_ONCE:
                break
        return count

    async def _drop(self, ids: Sequence[VersionId]) -> int:
        count, now_s = 0, self._room.now_s()
        for at in range(0, len(ids), AT_ONCE):
            some = partial(versions.drop_some, ids=ids[at : at + AT_ONCE], now_s=now_s)
            count += await self._room.context.database.write(some)
        return count


def _beyond(connection: Connection, space: SpaceId, share: int) -> list[VersionId]:
    """Up to AT_ONCE of the oldest, as many as are too much."""
    over, gone = history.old_bytes(connection, space) - share, list[VersionId]()
    for version in history.oldest(connection, space, limit=AT_ONCE) if over > 0 else ():
        if over <= 0:
            break
        over -= version.size_bytes
        gone.append(version.id)
    return gone
