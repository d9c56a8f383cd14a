"""What an actor may do with each of many nodes, and which of these they share: within a few queries."""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, NodeId, SpaceId
from synfonium.apps.drive.model.share import Mode
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import links, nodes, shares
from synfonium.kernel.actor import Person


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """is_mount: it stands by itself in a folder of the actor's."""

    mode: Mode
    may_share: bool
    is_mount: bool = False


class Rights:
    """For listings: nodes of one page lie in one folder."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def received(self, actor: Person, members: Sequence[Node]) -> Mapping[NodeId, Right]:
        """Of those that are another's."""
        if actor.grants or not (got := {one.node: one for one in await self._room.mounts.of(actor.id)}):
            return {}
        own = (await self._room.space_of(actor.id)).id
        found: dict[NodeId, Right] = {}
        of_parent: dict[NodeId, Right | None] = {}
        for node in members:
            if node.space == own:
                continue
            mount, parent = got.get(node.id), node.parent or node.id
            if parent not in of_parent:
                of_parent[parent] = await self._above(actor, parent)
            outer = of_parent[parent]
            if mount is None:
                if outer:
                    found[node.id] = outer
                continue
            is_edit = mount.mode == "edit" or (outer is not None and outer.mode == "edit")
            may_share = mount.may_share or (outer is not None and outer.may_share)
            found[node.id] = Right(
                mode="edit" if is_edit else "view", may_share=may_share, is_mount=outer is None
            )
        return found

    async def _above(self, actor: Person, folder: NodeId) -> Right | None:
        """What the actor may do with all that lies in the folder; None for nothing of another's."""
        line = await self._room.read(lambda c: nodes.ancestors(c, folder))
        covering = [one for one in await self._room.mounts.of(actor.id) if one.node in line]
        if not covering:
            return None
        return Right(
            mode="edit" if any(one.mode == "edit" for one in covering) else "view",
            may_share=any(one.may_share for one in covering),
        )

    async def share_types(self, members: Sequence[Node]) -> Mapping[NodeId, frozenset[int]]:
        """OCS's numbers of how each of the nodes is shared; only those that are."""

        def work(connection: Connection) -> dict[NodeId, frozenset[int]]:
            spaces = list({node.space for node in members})
            if not any(_shares_anything(connection, space) for space in spaces):
                return {}
            return shares.kinds(connection, [node.id for node in members])

        return await self._room.read(work) if members else {}


def _shares_anything(connection: Connection, space: SpaceId) -> bool:
    return shares.is_any(connection, space) or links.is_any(connection, space)
