"""Tells people of damage: whoever runs the installation, and those whose files they are."""

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.contract import address_of
from synfonium.apps.drive.model.upkeep import Hurt
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import nodes, spaces, upkeep
from synfonium.apps.notifications.contract import NOTIFY, Notice
from synfonium.apps.shell.contract import Words
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.i18n import _

log = logs.get("drive")
MOST_FILES = 100
TOPIC = _("Files are damaged on the disk")


class Alarm:
    """One notification for all damage together, and one for each file."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def tell(self) -> None:
        """Tells what is news; silently what nobody can be told."""
        if not self._room.damages.is_news:
            return
        self._room.damages.is_news = False
        found = await self._room.read(upkeep.all_damage)
        for notice in [*await self._to_operators(len(found)), *await self._room.read(_to_owners)]:
            try:
                await self._room.context.call(NOTIFY, msgspec.to_builtins(notice))
            except Problem as refused:
                log.info("drive.damage_not_told", code=refused.code)

    async def _to_operators(self, count: int) -> list[Notice]:
        if not count:
            return []
        try:
            answer = await self._room.context.call("identity.administrators")
        except Problem as refused:
            log.info("drive.damage_not_told", code=refused.code)
            return []
        return [
            Notice(
                person=PersonId(person),
                topic="damage",
                topic_title=TOPIC,
                title=Words(text=_("Content of files is damaged on the disk.")),
                body=Words(text=_("See Administration, Storage: what is hurt, and what to do.")),
                url="/admin/storage",
                urgency="high",
                key="damage",
            )
            for person in answer["people"]
        ]


def _to_owners(connection: Connection) -> list[Notice]:
    found = list[Notice]()
    for damage in upkeep.all_damage(connection):
        if damage.kind == "seal":
            continue
        for hurt in upkeep.hurt(connection, damage.blob, MOST_FILES):
            notice = _about(connection, hurt) if hurt.is_present else None
            if notice is not None and len(found) < MOST_FILES:
                found.append(notice)
    return found


def _about(connection: Connection, hurt: Hurt) -> Notice | None:
    node, space = nodes.find(connection, hurt.node), spaces.by_id(connection, hurt.space)
    if node is None or space is None:
        return None
    return Notice(
        person=space.owner,
        topic="damage",
        topic_title=TOPIC,
        title=Words(text=_("Your file “%(name)s” is damaged on the disk."), values={"name": node.name}),
        body=Words(text=_("Its page shows the versions from before. Or send it again.")),
        object=address_of(node.id),
        url=f"/drive/node/{node.id}/about",
        urgency="high",
        key=f"damage:{node.id}",
    )
