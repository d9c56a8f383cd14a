"""What clients keep with a node: dead properties, and its modification time."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from synfonium.apps.drive.errors import TooMany
from synfonium.apps.drive.model import Node, NodeId
from synfonium.apps.drive.service.guard import guard
from synfonium.apps.drive.service.places import NO_TOKENS
from synfonium.apps.drive.service.room import Room, within
from synfonium.apps.drive.store import nodes, properties
from synfonium.common.ids import new_id
from synfonium.kernel.actor import Person

MAX_PROPERTIES = 100
MAX_PROPERTY_BYTES = 16 * 1024


class TooManyProperties(TooMany):
    """More, or longer, properties than are kept with one node."""

    code = "drive.too_many_properties"


class Properties:
    """Properties of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def of(self, actor: Person, members: Sequence[Node]) -> dict[NodeId, dict[str, str]]:
        """`{namespace}local` to XML, for those of the nodes (of `resolve`) that have any."""
        await self._room.reach(actor)
        return await self._room.read(lambda c: properties.of_members(c, members))

    async def change(
        self,
        actor: Person,
        node: NodeId,
        changes: Mapping[str, str | None],
        *,
        modified_s: float | None = None,
        tokens: frozenset[str] = NO_TOKENS,
    ) -> None:
        """Sets (or with None removes) properties, all or none. Raises NoSuchNode, Locked,
        TooManyProperties."""
        reach = await self._room.reach(actor, write=True, at=node)
        if any(len(name) > 500 or len(xml or "") > MAX_PROPERTY_BYTES for name, xml in changes.items()):
            raise TooManyProperties
        now_s = self._room.now_s()

        def work(connection: Connection) -> None:
            found = within(connection, reach, node)
            guard(connection, reach, tokens, now_s, node=node)
            properties.change(connection, node, changes)
            kept = properties.of_nodes(connection, [node]).get(node, {})
            if len(kept) > MAX_PROPERTIES:
                raise TooManyProperties
            etag = new_id(now_s)
            new_time = found.modified_s if modified_s is None else modified_s
            nodes.set_modified(connection, node, modified_s=new_time, etag=etag)
            if found.parent:
                nodes.touch(connection, found.parent, added_bytes=0, etag=etag, now_s=now_s)
            self._room.tell(connection, reach, found, kind="property")

        await self._room.write(reach.space.id, work)
