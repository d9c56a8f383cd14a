"""What a person's home page shows of their drive: what is used, and what changed last."""

from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, Space
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import journal, nodes, spaces
from synfonium.apps.shell.contract import Glance, Measure, Resume, Words
from synfonium.common.ids import PersonId
from synfonium.kernel.i18n import _

SHOWN = 5
LOOKED_AT = 40


class Glances:
    """Answers without an actor; reached by a command alone, never by a door."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def of(self, person: PersonId) -> Glance:
        space = await self._room.space_of(person)
        allowance = await self._room.allowances.of(space)
        used_bytes, latest, free_bytes = await self._room.read(
            lambda c: (
                spaces.used_bytes(c, space),
                _latest(c, space),
                self._room.allowances.free_bytes(c, space, allowance),
            )
        )
        return Glance(
            line=None if used_bytes else Words(text=_("Empty so far.")),
            measure=_measure(used_bytes, free_bytes),
            resume=tuple(_resume(file) for file in latest),
        )


def _measure(used_bytes: int, free_bytes: int | None) -> Measure | None:
    if free_bytes is None:
        return None
    return Measure(used_bytes=used_bytes, limit_bytes=used_bytes + free_bytes)


def _latest(connection: Connection, space: Space) -> list[Node]:
    """The files that were written last and are still in their place."""
    found: list[Node] = []
    for id_ in journal.changed_last(connection, space.id, LOOKED_AT):
        path = nodes.path(connection, id_)
        if path and path[0].id == space.root and path[-1].is_file:
            found.append(path[-1])
        if len(found) == SHOWN:
            break
    return found


def _resume(file: Node) -> Resume:
    icon = "file-image" if file.media_type.startswith("image/") else "file-text"
    return Resume(title=file.name, url=f"/drive/node/{file.id}/about", icon=icon, time_s=file.modified_s)
