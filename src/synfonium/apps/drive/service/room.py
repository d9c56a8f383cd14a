"""What all use cases share: who may reach what, keys, and telling of changes."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NameTaken, NoSuchNode, NotWritable
from synfonium.apps.drive.model import Node, NodeId, Space, SpaceId, name_key
from synfonium.apps.drive.model.share import ADDING, SHOWING, LinkId, LinkMode, Received, ShareId
from synfonium.apps.drive.service.damage import Damages
from synfonium.apps.drive.service.facts import Told
from synfonium.apps.drive.service.gates import Gate, Signal
from synfonium.apps.drive.service.keys import SpaceKeys
from synfonium.apps.drive.service.mounts import Mounted, Mounts
from synfonium.apps.drive.service.quota import Allowance, Allowances
from synfonium.apps.drive.service.replaced import Replaced
from synfonium.apps.drive.store import journal, links, nodes, shares, spaces
from synfonium.apps.fabric.contract import Grants
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.sealed_blobs import SealedBlobs, SpaceKey

T = TypeVar("T")
KEPT_SPACES = 10_000
MOST_SENT = 500


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What an actor may get at: all below `top`, in one space.

    shares, link: by which rows it is open, when the space is another's; without one of them that is in
    force at `asked_s` nothing is in reach. received: what stands in the actor's own drive besides what
    is theirs."""

    space: Space
    top: NodeId
    person: PersonId
    by_app: str
    allowance: Allowance = Allowance()
    shares: tuple[ShareId, ...] = ()
    link: LinkId = LinkId("")
    received: tuple[Received, ...] = ()
    asked_s: float = 0.0

    def is_reserved(self, parent: NodeId, name: str) -> bool:
        """Whether something received stands at that place of the actor's own drive."""
        if not self.received:
            return False
        place = (parent, name_key(name))
        return any(
            (one.parent or self.space.root, name_key(one.name)) == place
            for one in self.received
            if not one.is_left
        )


class Guest(Person, frozen=True, kw_only=True):
    """Whoever came by a link and has shown its password, if it has one: no person of this house."""

    link: LinkId
    node: NodeId
    mode: LinkMode
    sender: bytes = b""


class Room:
    """The drive's connections to the house."""

    def __init__(self, context: Context) -> None:
        self.context = context
        config = context.config
        self.config = config if isinstance(config, DriveConfig) else DriveConfig()
        self.damages = Damages(context)
        self.harmful: set[str] = set()
        self.sealed = SealedBlobs(context.blobs, gives_way=self.damages.give_way)
        self.allowances = Allowances(context, self.config.default_quota_bytes)
        self.replaced = Replaced(self.config.versions_percent)
        self.mounts = Mounts(context)
        self.signal = Signal()
        self.gate = Gate()
        self._spaces: OrderedDict[PersonId, Space] = OrderedDict()
        self.keys = SpaceKeys(context.secrets, self.config, self.now_s, self._space)

    def now_s(self) -> float:
        return self.context.clock.now_s()

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.context.database.read(work)

    async def write(self, space: SpaceId, work: Callable[[Connection], T]) -> T:
        """Runs `work` in a transaction; whoever waits for changes of the space then looks."""
        result = await self.context.database.write(work)
        self.signal.ring(space)
        return result

    async def reach(
        self, actor: Person, *, write: bool = False, adds: bool = False, at: NodeId | None = None
    ) -> Reach:
        """What the actor may get at, for the node `at`: their own space, or what is shared with them in
        which it lies. adds: nothing more than adding is asked for. This is the one place that decides.

        Raises Forbidden when the credential does not cover it, NotWritable when they may only look,
        NoSuchNode when a grant is gone or names nothing here. A grant is asked for at every call."""
        if isinstance(actor, Guest):
            return await self._by_link(actor, write=write, adds=adds, at=at)
        if actor.grants:
            return await self._granted(actor, write=write)
        if not actor.may("drive.write" if write else "drive.read"):
            raise Forbidden
        return await self.reach_of(actor.id, actor.app or "", write=write, at=at)

    async def reach_of(
        self, person: PersonId, by_app: str = "", *, write: bool = False, at: NodeId | None = None
    ) -> Reach:
        """As `reach`, for a person with all that they may do."""
        space = await self.space_of(person)
        received = await self.mounts.of(person)
        line = await self.read(lambda c: nodes.ancestors(c, at)) if received and at else []
        found = [one for one in received if one.node in line]
        if not found:
            await self.keys.need(space)
            return Reach(
                space=space,
                top=space.root,
                person=person,
                by_app=by_app,
                allowance=await self.allowances.of(space),
                received=received,
            )
        return await self._received(person, by_app, found, line, write=write)

    async def _received(
        self, person: PersonId, by_app: str, found: Sequence[Received], line: Sequence[NodeId], *, write: bool
    ) -> Reach:
        """By the outermost of what was shared that lets the actor do it. Raises NotWritable."""
        able = [one for one in found if one.by("edit" if write else "view")]
        if not able:
            raise NotWritable
        one = max(able, key=lambda one: line.index(one.node))
        await self.keys.need(one.space)
        return Reach(
            space=one.space,
            top=one.node,
            person=person,
            by_app=by_app,
            allowance=await self.allowances.of(one.space),
            shares=one.by("edit" if write else "view"),
            asked_s=self.now_s(),
        )

    async def _by_link(self, guest: Guest, *, write: bool, adds: bool, at: NodeId | None) -> Reach:
        """Raises NotWritable, and NoSuchNode for what the link does not show."""
        if write and guest.mode != "edit" and not (adds and guest.mode in ADDING):
            raise NotWritable
        top = guest.node if write or guest.mode in SHOWING else await self._sent(guest, at)
        space = await self.read(lambda c: spaces.of_node(c, guest.node))
        if space is None:
            raise NoSuchNode
        await self.keys.need(space)
        return Reach(
            space=space,
            top=top,
            person=guest.id,
            by_app="",
            allowance=await self.allowances.of(space),
            link=guest.link,
            asked_s=self.now_s(),
        )

    async def _sent(self, guest: Guest, at: NodeId | None) -> NodeId:
        """The node, if this browser has sent it. Raises NoSuchNode."""
        if guest.mode != "drop_own" or at is None:
            raise NoSuchNode
        if at not in await self.read(lambda c: links.sent_by(c, guest.link, guest.sender, MOST_SENT)):
            raise NoSuchNode
        return at

    async def _granted(self, actor: Person, *, write: bool) -> Reach:
        grants = self.context.offer(Grants)  # type: ignore[type-abstract]
        # A credential with several grants names one by the address that it comes to.
        grant = await grants.of(actor.grants[0]) if len(actor.grants) == 1 else None
        if grant is None:
            raise NoSuchNode
        named = actor.at or grant.object
        node = None if named == contract.ROOT else contract.node_of(named)
        if node is None and named != contract.ROOT:
            raise NoSuchNode
        # What the person received can be granted, and ends for the app when it ends for them.
        whole = await self.reach_of(grant.person, grant.app, at=NodeId(node) if node else None)
        top = NodeId(node) if node else whole.space.root
        path = await self._addresses(top)
        if write and not await grants.check(actor, path, "write"):
            raise NotWritable
        if not await grants.check(actor, path, "read"):
            raise NoSuchNode
        if write and whole.shares:
            whole = await self.reach_of(grant.person, grant.app, write=True, at=top)
        return msgspec.structs.replace(whole, top=top, received=())

    async def by_grant(self, actor: Person, path: Sequence[str]) -> Person:
        """The actor with the one of their grants by which `path[0]` may be written: one deed may take
        two, such as moving from one folder to another. Raises NoSuchNode."""
        grants = self.context.offer(Grants)  # type: ignore[type-abstract]
        for grant in actor.grants:
            one = msgspec.structs.replace(actor, grants=(grant,))
            if await grants.check(one, path, "write"):
                return one
        raise NoSuchNode

    async def _addresses(self, node: NodeId) -> list[str]:
        """The path of an object, for the fabric's check."""
        above = await self.read(lambda c: nodes.ancestors(c, node))
        return [*map(contract.address_of, above), contract.ROOT]

    async def space_of(self, owner: PersonId) -> Space:
        """The person's space, made when they first come."""
        kept = self._spaces.get(owner)
        if kept is not None:
            self._spaces.move_to_end(owner)
            return kept
        space = await self.read(lambda c: spaces.of_owner(c, owner))
        if space is None:
            id_ = SpaceId(new_id(self.now_s()))
            sealed_key = await self.keys.fresh(id_)
            space = await self.context.database.write(lambda c: self._ensure_space(c, owner, id_, sealed_key))
        self._spaces[owner] = space
        if len(self._spaces) > KEPT_SPACES:
            self._spaces.popitem(last=False)
        return space

    def _ensure_space(
        self, connection: Connection, owner: PersonId, id_: SpaceId, sealed_key: bytes
    ) -> Space:
        found = spaces.of_owner(connection, owner)
        if found is not None:
            return found
        now_s = self.now_s()
        space = Space(
            id=id_,
            owner=owner,
            root=NodeId(new_id(now_s)),
            trash=NodeId(new_id(now_s)),
            sealed_key=sealed_key,
        )
        spaces.add(connection, space, etag=new_id(now_s), now_s=now_s)
        return space

    def forget(self, owner: PersonId) -> None:
        """Keeps no key and no space of somebody who is gone."""
        space = self._spaces.pop(owner, None)
        self.keys.forget(space.id if space else None)
        self.mounts.forget()

    async def owner_of(self, node: Node) -> PersonId:
        """Whose space a node is in."""
        found = await self.read(lambda c: spaces.by_id(c, node.space))
        return found.owner if found else PersonId("")

    async def is_mount(self, actor: Person, node: NodeId, parent: NodeId) -> bool:
        """Whether the node was received by itself, and `parent` is a folder of the actor's own."""
        if isinstance(actor, Guest) or not any(one.node == node for one in await self.mounts.of(actor.id)):
            return False
        return not (await self.reach(actor, at=parent)).shares

    async def put_mount(self, actor: Person, node: NodeId, parent: NodeId, name: str) -> Node:
        """Another name or place for what was received; the owner's stays as it is. Raises NameTaken,
        NoSuchNode."""
        own = await self.reach(actor, write=True)

        def work(connection: Connection) -> None:
            if not path_within(connection, own, parent):
                raise NoSuchNode
            mounted = Mounted(connection, own.space.root, own.received, self.now_s())
            there = nodes.child(connection, parent, name) or mounted.named(parent, name)
            if there and there.id != node:
                raise NameTaken
            where = None if parent == own.space.root else parent
            shares.set_mount(connection, actor.id, node, parent=where, name=name)
            self.context.audit.add(connection, actor.id, "drive.share.placed", contract.address_of(node))

        await self.write(own.space.id, work)
        self.mounts.forget()
        return await self.mount(actor, node)

    async def mount(self, actor: Person, node: NodeId) -> Node:
        """What was received, as it stands in the actor's drive. Raises NoSuchNode."""
        own = await self.reach(actor)
        mounted = await self.read(lambda c: self.mounted(c, own))
        found = mounted.of(node) if mounted else None
        if found is None:
            raise NoSuchNode
        return found

    def mounted(self, connection: Connection, reach: Reach) -> Mounted | None:
        """What stands in the actor's own drive besides their nodes; None for nothing."""
        if not reach.received:
            return None
        return Mounted(connection, reach.space.root, reach.received, self.now_s())

    def key_of(self, space: Space) -> SpaceKey:
        """The key of a space that was reached just now. Raises SpaceLocked."""
        return self.keys.opened(space)

    async def key(self, space: Space) -> SpaceKey:
        """The space's key, for whoever has not just reached it, or took their time. Raises SpaceLocked."""
        return await self.keys.open(space)

    async def _space(self, space: SpaceId) -> Space | None:
        return await self.read(lambda c: spaces.by_id(c, space))

    def tell(
        self,
        connection: Connection,
        reach: Reach,
        node: Node,
        *,
        kind: journal.ChangeKind,
        event: str = "",
        parent: NodeId | None = None,
        before: NodeId | None = None,
    ) -> None:
        """Records in the journal, the audit and, for an `event`, the outbox, what happened.
        before: the folder that the node was moved out of."""
        told = Told(
            space=reach.space,
            person=reach.person,
            by_app=reach.by_app,
            node=node,
            kind=kind,
            event=event,
            parent=parent,
            before=before,
        )
        self.tell_all(connection, [told])

    def tell_all(self, connection: Connection, told: Sequence[Told]) -> None:
        """As `tell` for each, in few statements."""
        journal.add_many(
            connection,
            [(one.space.id, one.node.id, one.where, one.journal_kind, one.person) for one in told],
            self.now_s(),
        )
        self.context.audit.add_many(
            connection,
            [(one.person, f"drive.node.{one.kind}", one.subject, one.by_app) for one in told],
        )
        self.context.outbox.add_many(
            connection, [(one.event, one.subject, one.facts(connection)) for one in told if one.event]
        )


def path_within(connection: Connection, reach: Reach, node: NodeId) -> list[Node]:
    """From the reach's top down to the node; empty when it is not there, or in the trash."""
    path = nodes.path(connection, node)
    if not path or path[0].id != reach.space.root or not is_open(connection, reach):
        return []
    for index, step in enumerate(path):
        if step.id == reach.top:
            return path[index:]
    return []


def is_open(connection: Connection, reach: Reach) -> bool:
    """Whether the rows by which the reach is open are still there and not over."""
    if reach.shares:
        return shares.are_in_force(connection, reach.shares, reach.asked_s)
    return not reach.link or links.is_in_force(connection, reach.link, reach.asked_s)


def within(connection: Connection, reach: Reach, node: NodeId) -> Node:
    """The node. Raises NoSuchNode when the reach does not hold it."""
    path = path_within(connection, reach, node)
    if not path:
        raise NoSuchNode
    return path[-1]
