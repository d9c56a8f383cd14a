"""What is left of a group folder whose respite is over: emptied as a trash is, so that everybody who
follows its files hears of it, then forgotten with its key."""

from functools import partial

from sqlalchemy import Connection

from synfonium.apps.drive.model import NodeId, Space
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.service.trash import detach
from synfonium.apps.drive.store import group_folders, nodes, spaces, trash, whole
from synfonium.apps.drive.store.group_folders import GroupFolder
from synfonium.common.ids import PersonId
from synfonium.kernel.personal_tables import erase_rows, tables_of

DAY_S = 86_400.0
AT_ONCE = 100
HOUSE = PersonId("house")


class GroupEnds:
    """Every step may be cut anywhere and asked again; the sweep asks each hour, and removes the trees and
    the bytes between two of them."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def once(self) -> int:
        """How many are gone now."""
        days = self._room.config.trash_days
        if not days:
            return 0
        before_s = self._room.now_s() - days * DAY_S
        due = await self._room.read(lambda c: group_folders.removed_before(c, before_s, AT_ONCE))
        return sum([await self._end(folder) for folder in due])

    async def _end(self, folder: GroupFolder) -> bool:
        space = await self._room.read(lambda c: spaces.of_owner(c, PersonId(folder.id)))
        if space is not None:
            for top in (space.root, space.trash):
                while await self._room.write(space.id, partial(self._empty, space=space, top=top)):
                    pass
            if not await self._room.read(partial(_is_empty, space=space)):
                return False
        tables = tables_of(self._room.context.app)

        def work(connection: Connection) -> None:
            erase_rows(connection, tables, folder.id)
            group_folders.forget(connection, folder.id)

        await self._room.context.database.write(work)
        self._room.forget(PersonId(folder.id))
        return True

    def _empty(self, connection: Connection, space: Space, top: NodeId) -> int:
        reach = Reach(space=space, top=space.root, person=HOUSE, by_app="drive")
        now_s = self._room.now_s()
        if top == space.trash:
            found = [entry.node for entry in trash.listing(connection, space, after=None, limit=AT_ONCE)]
        else:
            found = nodes.children_by_key(connection, top, after=b"", limit=AT_ONCE)
            for node in found:
                put_in_trash(self._room, connection, reach, node, now_s)
        for node in found if top == space.trash else ():
            detach(self._room, connection, reach, node)
        return len(found)


def _is_empty(connection: Connection, space: Space) -> bool:
    """Without a node, and without a byte that a download may still be reading."""
    return not whole.count(connection, space.id) and not whole.blob_names(connection, space.id, 1)
