"""What a person has received, and where it stands in their drive (docs/decisions/0041-sharing.md)."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import msgspec
from blake3 import blake3
from sqlalchemy import Connection

from synfonium.apps.drive.model import Node, NodeId, name_key
from synfonium.apps.drive.model.names import with_number
from synfonium.apps.drive.model.share import Received
from synfonium.apps.drive.store import mounted, nodes, shares
from synfonium.apps.identity.contract import Membership, Organisations
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

KEPT = 10_000
KEPT_S = 2.0
MOST_NUMBERS = 100
ETAG_CHARACTERS = 26


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Of what somebody is a member."""

    memberships: tuple[Membership, ...] = ()

    @property
    def organisations(self) -> list[str]:
        return [one.organisation for one in self.memberships]

    @property
    def groups(self) -> list[str]:
        return [group.id for one in self.memberships for group in one.groups]


class Mounts:
    """Remembers for a moment who has received what. What ends is found out in each transaction, by
    `are_in_force`; what begins is forgotten here by whoever makes it begin."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: OrderedDict[PersonId, tuple[float, tuple[Received, ...]]] = OrderedDict()

    def forget(self) -> None:
        """Shares or mounts have changed."""
        self._kept.clear()

    async def of(self, person: PersonId) -> tuple[Received, ...]:
        """All that is in force for the person, what they left included."""
        now_s = self._context.clock.now_s()
        kept = self._kept.get(person)
        if kept and 0 <= now_s - kept[0] < KEPT_S:
            return kept[1]
        together = await self.together(person)
        found = tuple(
            await self._context.database.read(
                lambda c: shares.received(c, person, together.groups, together.organisations, now_s)
            )
        )
        self._kept[person] = (now_s, found)
        self._kept.move_to_end(person)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def together(self, person: PersonId) -> Together:
        memberships: list[Membership] = []
        for organisations in self._context.offers(Organisations):  # type: ignore[type-abstract]
            memberships += await organisations.of_person(person)
        return Together(memberships=tuple(memberships))


class Mounted:
    """A recipient's mounts as they are in one transaction. under: those that stand in each of their
    folders, under their names there, as members of it. Nodes in the trash are not there."""

    def __init__(
        self, connection: Connection, root: NodeId, received: Sequence[Received], now_s: float
    ) -> None:
        self._connection, self._root = connection, root
        shown = [one for one in received if not one.is_left and _is_in_force(one, now_s)]
        alive = self._alive(shown)
        self._lines = self._ways([one for one in shown if one.parent])
        self.under: Mapping[NodeId, list[Node]] = self._place(
            [one for one in shown if one.node in alive], alive
        )

    def _alive(self, shown: Sequence[Received]) -> dict[NodeId, Node]:
        ids = [one.node for one in shown]
        tops = mounted.tops(self._connection, ids)
        living = [one.node for one in shown if tops.get(one.node) == one.space.root]
        return mounted.many(self._connection, living)

    def _ways(self, elsewhere: Sequence[Received]) -> dict[NodeId, list[NodeId]]:
        """From each folder that somebody put a mount into, up to the root; a folder that is not there any
        more has no way."""
        found: dict[NodeId, list[NodeId]] = {}
        for parent in {one.parent for one in elsewhere if one.parent}:
            line = nodes.ancestors(self._connection, parent)
            if line and line[-1] == self._root:
                found[parent] = line
        return found

    def _place(self, shown: Sequence[Received], alive: Mapping[NodeId, Node]) -> dict[NodeId, list[Node]]:
        wanted = [(self._parent(one), one) for one in shown]
        used = mounted.taken(self._connection, [(parent, one.name) for parent, one in wanted])
        under: dict[NodeId, list[Node]] = {}
        for parent, one in wanted:
            name = _free(self._connection, used, parent, one.name)
            used.add((parent, name_key(name)))
            node = msgspec.structs.replace(alive[one.node], name=name, parent=parent)
            under.setdefault(parent, []).append(node)
        for members in under.values():
            members.sort(key=lambda node: name_key(node.name))
        return under

    def _parent(self, one: Received) -> NodeId:
        return one.parent if one.parent in self._lines else self._root

    def named(self, parent: NodeId, name: str) -> Node | None:
        """The mount of that name in the folder."""
        key = name_key(name)
        return next((node for node in self.under.get(parent, ()) if name_key(node.name) == key), None)

    def of(self, node: NodeId) -> Node | None:
        """A shared node as the recipient sees it."""
        return next((one for members in self.under.values() for one in members if one.id == node), None)

    def felt(self, folder: Node) -> Node:
        """A folder of the recipient's, with an etag that changes with the mounts in it."""
        ids = sorted(
            f"{node.id}{node.etag}{node.name}"
            for parent, members in self.under.items()
            if folder.id == self._root or folder.id in self._lines.get(parent, ())
            for node in members
        )
        if not ids:
            return folder
        etag = blake3("\0".join([folder.etag, *ids]).encode()).hexdigest()[:ETAG_CHARACTERS]
        return msgspec.structs.replace(folder, etag=etag)


def _is_in_force(one: Received, now_s: float) -> bool:
    return any(not share.until_s or share.until_s > now_s for share in one.shares)


def _free(connection: Connection, used: set[tuple[NodeId, bytes]], parent: NodeId, name: str) -> str:
    """The name, with a number when something else has it."""
    if (parent, name_key(name)) not in used:
        return name
    wanted = [with_number(name, number) for number in range(2, MOST_NUMBERS)]
    used |= mounted.taken(connection, [(parent, one) for one in wanted])
    return next((one for one in wanted if (parent, name_key(one)) not in used), wanted[-1])
