"""The page of photos: which files are, and when each was taken."""

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import ContentDamaged, NoSuchNode, SpaceLocked
from synfonium.apps.drive.model import BlobName, Node, NodeId
from synfonium.apps.drive.model.previews import is_photo
from synfonium.apps.drive.service.files import Content
from synfonium.apps.drive.service.previews import Previews
from synfonium.apps.drive.service.room import Reach, Room, path_within
from synfonium.apps.drive.store import nodes, photos, spaces, versions
from synfonium.kernel.actor import Person
from synfonium.kernel.pump import Pump

PAGE = 120
MOST_PAGES_LOOKED_AT = 20


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo or film, and when it was taken (when it was written, where nothing says it)."""

    node: Node
    time_s: float


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """One page of photos, the latest first. after: where the next page begins, empty at the end."""

    photos: tuple[Photo, ...]
    after: str


class Photos:
    """Photos of a person's own drive."""

    def __init__(self, room: Room, previews: Previews) -> None:
        self._room, self._previews = room, previews
        self.pump = Pump("drive-photos", self.step)

    async def want(self, written: Sequence[NodeId]) -> None:
        """The files were written: some may be photos."""
        found = await self._room.read(lambda c: nodes.find_all(c, written)) if written else {}
        if new := [node for node in found.values() if node.is_file and is_photo(node.media_type)]:
            await self._room.context.database.write(partial(photos.want, found=new))
            self.pump.wake()

    async def step(self) -> bool:
        """Finds out of the next one when it was taken; whether there was one. It makes its small pictures
        by the way, so that they are there when somebody looks."""
        due = await self._room.read(partial(photos.due, limit=1))
        if not due:
            return False
        found = await self._room.read(partial(_content, node=due[0]))
        if found is None:
            await self._room.context.database.write(partial(photos.forget, ids=due))
            return True
        try:
            await self._room.keys.need(found.space)
            preview = await self._previews.ensure(found)
        except (ContentDamaged, SpaceLocked):
            preview = None
        taken_s = preview.taken_s if preview else None
        time_s = found.node.modified_s if taken_s is None else taken_s
        await self._room.context.database.write(partial(photos.settle, node=due[0], time_s=time_s))
        return True

    async def times(self, seen: Sequence[Node]) -> Mapping[NodeId, float]:
        """When each of the photos among nodes that somebody sees was taken."""
        ids = [node.id for node in seen if node.is_file and is_photo(node.media_type)]
        return await self._room.read(partial(photos.times, ids=ids)) if ids else {}

    async def listing(self, actor: Person, after: str = "") -> Roll:
        """Those that are not in the trash. Raises NoSuchNode for whoever may not see the whole drive."""
        reach = await self._room.reach(actor)
        if reach.top != reach.space.root:
            raise NoSuchNode
        return await self._room.read(lambda c: _roll(c, reach, _place(after)))


def _place(after: str) -> tuple[float, str] | None:
    time_s, _, node = after.partition("_")
    try:
        return (float(time_s), node) if node else None
    except ValueError:
        return None


def _roll(connection: Connection, reach: Reach, after: tuple[float, str] | None) -> Roll:
    shown = list[Photo]()
    for _ in range(MOST_PAGES_LOOKED_AT):
        found = photos.listing(connection, reach.space.id, after=after, limit=PAGE)
        shown += _present(connection, reach, found)
        if len(found) < PAGE:
            return Roll(photos=tuple(shown), after="")
        after = (found[-1][0], found[-1][1].id)
        if len(shown) >= PAGE // 2:
            break
    return Roll(photos=tuple(shown), after=f"{after[0]!r}_{after[1]}" if after else "")


def _present(connection: Connection, reach: Reach, found: Sequence[tuple[float, Node]]) -> list[Photo]:
    return [
        Photo(node=node, time_s=time_s)
        for time_s, node in found
        if is_photo(node.media_type) and path_within(connection, reach, node.id)
    ]


def _content(connection: Connection, node: NodeId) -> Content | None:
    found = nodes.find(connection, node)
    space = spaces.by_id(connection, found.space) if found else None
    if found is None or space is None or found.version is None:
        return None
    blob = versions.blob_of(connection, found.version)
    return Content(node=found, space=space, blob=BlobName(blob)) if blob else None
