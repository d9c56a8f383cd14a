"""What all use cases share: who may reach what, keys, and telling of changes."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive import contract
from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoSuchNode, NotWritable
from synfonium.apps.drive.model import Node, NodeId, Space, SpaceId
from synfonium.apps.drive.service.damage import Damages
from synfonium.apps.drive.service.quota import Allowance, Allowances
from synfonium.apps.drive.service.replaced import Replaced
from synfonium.apps.drive.store import journal, nodes, spaces
from synfonium.apps.fabric.contract import Grants
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.sealed_blobs import SealedBlobs, SpaceKey

T = TypeVar("T")
KEPT_SPACES = 10_000


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What an actor may get at: all below `top`, in one space."""

    space: Space
    top: NodeId
    person: PersonId
    by_app: str
    allowance: Allowance = Allowance()


class Room:
    """The drive's connections to the house."""

    def __init__(self, context: Context) -> None:
        self.context = context
        config = context.config
        self.config = config if isinstance(config, DriveConfig) else DriveConfig()
        self.damages = Damages(context)
        self.sealed = SealedBlobs(context.blobs, context.secrets, gives_way=self.damages.give_way)
        self.allowances = Allowances(context, self.config.default_quota_bytes)
        self.replaced = Replaced(self.config.versions_percent)
        self.signal = Signal()
        self.gate = Gate()
        self._spaces: OrderedDict[PersonId, Space] = OrderedDict()
        self._keys: OrderedDict[SpaceId, SpaceKey] = OrderedDict()

    def now_s(self) -> float:
        return self.context.clock.now_s()

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self.context.database.read(work)

    async def write(self, space: SpaceId, work: Callable[[Connection], T]) -> T:
        """Runs `work` in a transaction; whoever waits for changes of the space then looks."""
        result = await self.context.database.write(work)
        self.signal.ring(space)
        return result

    async def reach(self, actor: Person, *, write: bool = False) -> Reach:
        """Raises Forbidden when the credential does not cover it, NoSuchNode when a grant
        is gone or names nothing here. A grant is asked for at every call."""
        if actor.grants:
            return await self._granted(actor, write=write)
        if not actor.may("drive.write" if write else "drive.read"):
            raise Forbidden
        space = await self.space_of(actor.id)
        return Reach(
            space=space,
            top=space.root,
            person=actor.id,
            by_app=actor.app or "",
            allowance=await self.allowances.of(space),
        )

    async def _granted(self, actor: Person, *, write: bool) -> Reach:
        grants = self.context.offer(Grants)  # type: ignore[type-abstract]
        # A credential with several grants names one by the address that it comes to.
        grant = await grants.of(actor.grants[0]) if len(actor.grants) == 1 else None
        if grant is None:
            raise NoSuchNode
        space = await self.space_of(grant.person)
        named = actor.at or grant.object
        top = space.root if named == contract.ROOT else contract.node_of(named)
        if top is None:
            raise NoSuchNode
        path = await self._addresses(NodeId(top))
        if write and not await grants.check(actor, path, "write"):
            raise NotWritable
        if not await grants.check(actor, path, "read"):
            raise NoSuchNode
        return Reach(
            space=space,
            top=NodeId(top),
            person=grant.person,
            by_app=grant.app,
            allowance=await self.allowances.of(space),
        )

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
            space = await self.context.database.write(lambda c: self._ensure_space(c, owner))
        self._spaces[owner] = space
        if len(self._spaces) > KEPT_SPACES:
            self._spaces.popitem(last=False)
        return space

    def _ensure_space(self, connection: Connection, owner: PersonId) -> Space:
        found = spaces.of_owner(connection, owner)
        if found is not None:
            return found
        now_s = self.now_s()
        id_ = SpaceId(new_id(now_s))
        space = Space(
            id=id_,
            owner=owner,
            root=NodeId(new_id(now_s)),
            trash=NodeId(new_id(now_s)),
            sealed_key=self.sealed.new_space(id_),
        )
        spaces.add(connection, space, etag=new_id(now_s), now_s=now_s)
        return space

    def forget(self, owner: PersonId) -> None:
        """Keeps no key and no space of somebody who is gone."""
        space = self._spaces.pop(owner, None)
        for id_ in [kept for kept in self._keys if space is None or kept == space.id]:
            del self._keys[id_]

    def key_of(self, space: Space) -> SpaceKey:
        """The space's key, unwrapped once."""
        kept = self._keys.get(space.id)
        if kept is None:
            kept = self._keys[space.id] = self.sealed.open_space(space.id, space.sealed_key)
            if len(self._keys) > KEPT_SPACES:
                self._keys.popitem(last=False)
        return kept

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
        where = parent or node.parent or node.id
        journal.add(
            connection, space=reach.space.id, node=node.id, parent=where, kind=kind, now_s=self.now_s()
        )
        subject = contract.address_of(node.id)
        self.context.audit.add(connection, reach.person, f"drive.node.{kind}", subject, reach.by_app)
        if event:
            facts = {
                "kind": node.kind,
                "owner": reach.space.owner,
                "path": told_path(connection, reach.space, node.id, node.parent),
            }
            if before and before != node.parent:
                facts["path_before"] = told_path(connection, reach.space, before)
            self.context.outbox.add(connection, event, subject, facts)


def told_path(connection: Connection, space: Space, node: NodeId, parent: NodeId | None = None) -> str:
    """Addresses of a node and of all that it lies in, as events say it. parent: where it lies, or lay."""
    above = nodes.ancestors(connection, parent) if parent else nodes.ancestors(connection, node)[1:]
    folders = [id_ for id_ in above if id_ not in (space.root, space.trash)]
    own = [] if node == space.root else [node]
    return " ".join([*map(contract.address_of, [*own, *folders]), contract.ROOT])


def path_within(connection: Connection, reach: Reach, node: NodeId) -> list[Node]:
    """From the reach's top down to the node; empty when it is not there, or in the trash."""
    path = nodes.path(connection, node)
    if not path or path[0].id != reach.space.root:
        return []
    for index, step in enumerate(path):
        if step.id == reach.top:
            return path[index:]
    return []


def within(connection: Connection, reach: Reach, node: NodeId) -> Node:
    """The node. Raises NoSuchNode when the reach does not hold it."""
    path = path_within(connection, reach, node)
    if not path:
        raise NoSuchNode
    return path[-1]


class Signal:
    """Wakes those who wait for a change of a space, in this process."""

    def __init__(self) -> None:
        self._waiting: dict[SpaceId, asyncio.Event] = {}
        self.is_closed = False

    def ring(self, space: SpaceId) -> None:
        event = self._waiting.pop(space, None)
        if event is not None:
            event.set()

    def next(self, space: SpaceId) -> asyncio.Event:
        """Set at the next change; to be asked for before one looks."""
        return self._waiting.setdefault(space, asyncio.Event())

    def close(self) -> None:
        self.is_closed = True
        for space in list(self._waiting):
            self.ring(space)


class Gate:
    """Keeps the removal of idle blobs apart from uploads, which may take one up again."""

    def __init__(self) -> None:
        self._uploads = 0
        self._free = asyncio.Event()
        self._free.set()

    @asynccontextmanager
    async def upload(self) -> AsyncIterator[None]:
        while not self._free.is_set():
            await self._free.wait()
        self._uploads += 1
        try:
            yield
        finally:
            self._uploads -= 1

    @asynccontextmanager
    async def removal(self) -> AsyncIterator[bool]:
        """Gives false, at once, while anybody uploads; uploads wait while true is held."""
        if self._uploads or not self._free.is_set():
            yield False
            return
        self._free.clear()
        try:
            yield True
        finally:
            self._free.set()
