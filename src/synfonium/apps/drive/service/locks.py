"""WebDAV write locks (RFC 4918, sections 6 and 7)."""

from uuid import uuid4

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import Locked, TooManyLocks, WrongState
from synfonium.apps.drive.model import Lock, Node, NodeId, SpaceId
from synfonium.apps.drive.service.room import Room, within
from synfonium.apps.drive.service.tree import seen_path
from synfonium.apps.drive.store import locks, nodes
from synfonium.common.problem import Conflict
from synfonium.kernel.actor import Person

DEFAULT_TIMEOUT_S = 600
MOST_TIMEOUT_S = 24 * 3600


class NoSuchLock(Conflict):
    """The token names no lock here."""

    code = "drive.no_such_lock"


class Locks:
    """Locks of one actor's reach."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def take(
        self,
        actor: Person,
        node: NodeId,
        *,
        is_exclusive: bool,
        is_infinite: bool,
        owner_xml: str,
        timeout_s: int,
    ) -> Lock:
        """Raises Locked when another lock is in the way, TooManyLocks, NoSuchNode."""
        reach = await self._room.reach(actor, write=True, at=node)
        now_s = self._room.now_s()
        lock = Lock(
            token=f"opaquelocktoken:{uuid4()}",
            space=reach.space.id,
            node=node,
            is_exclusive=is_exclusive,
            is_infinite=is_infinite,
            owner_xml=owner_xml,
            person=reach.person,
            expires_s=now_s + min(timeout_s, MOST_TIMEOUT_S),
        )

        def work(connection: Connection) -> Lock:
            within(connection, reach, node)
            held = locks.of_space(connection, reach.space.id, now_s)
            if len(held) >= locks.MAX_LOCKS_PER_SPACE:
                raise TooManyLocks
            if any(_conflicts(connection, lock, other) for other in held):
                raise Locked
            locks.add(connection, lock)
            return lock

        return await self._room.context.database.write(work)

    async def refresh(self, actor: Person, node: NodeId, tokens: frozenset[str], timeout_s: int) -> Lock:
        """Lengthens the lock that covers the node. Raises WrongState when none of the tokens is its."""
        reach = await self._room.reach(actor, write=True, at=node)
        now_s = self._room.now_s()

        def work(connection: Connection) -> Lock:
            within(connection, reach, node)
            for lock in _covering(connection, reach.space.id, node, now_s):
                if lock.token in tokens and lock.person == reach.person:
                    expires_s = now_s + min(timeout_s, MOST_TIMEOUT_S)
                    locks.refresh(connection, lock.token, expires_s)
                    return msgspec.structs.replace(lock, expires_s=expires_s)
            raise WrongState

        return await self._room.context.database.write(work)

    async def release(self, actor: Person, node: NodeId, token: str) -> None:
        """Raises NoSuchLock when the token's lock does not cover the node, or is another's."""
        reach = await self._room.reach(actor, write=True, at=node)
        now_s = self._room.now_s()

        def work(connection: Connection) -> None:
            within(connection, reach, node)
            for lock in _covering(connection, reach.space.id, node, now_s):
                if lock.token == token and lock.person == reach.person:
                    locks.remove(connection, token)
                    return
            raise NoSuchLock

        await self._room.context.database.write(work)

    async def on(self, actor: Person, ids: list[NodeId]) -> dict[NodeId, list[Lock]]:
        """The locks that cover each of the nodes; only nodes that have some.
        All are in the space of the first."""
        reach = await self._room.reach(actor, at=ids[0] if ids else None)
        now_s = self._room.now_s()

        def work(connection: Connection) -> dict[NodeId, list[Lock]]:
            if not locks.of_space(connection, reach.space.id, now_s):
                return {}
            found = {id_: _covering(connection, reach.space.id, id_, now_s) for id_ in ids}
            return {id_: held for id_, held in found.items() if held}

        return await self._room.read(work)

    async def root_of(self, actor: Person, lock: Lock) -> list[Node]:
        """Path from the actor's top to what the lock was taken on; empty when out of reach."""
        reach = await self._room.reach(actor, at=lock.node)
        own = await self._room.reach(actor) if reach.shares and not actor.grants else None

        def work(connection: Connection) -> list[Node]:
            return seen_path(self._room, connection, reach, own, lock.node)

        return await self._room.read(work)


def _covering(connection: Connection, space: SpaceId, node: NodeId, now_s: float) -> list[Lock]:
    line = nodes.ancestors(connection, node)
    held = locks.of_space(connection, space, now_s)
    return [lock for lock in held if lock.node == node or (lock.is_infinite and lock.node in line)]


def _conflicts(connection: Connection, new: Lock, old: Lock) -> bool:
    if not (new.is_exclusive or old.is_exclusive):
        return False
    if new.node == old.node:
        return True
    above = old.is_infinite and old.node in nodes.ancestors(connection, new.node)
    below = new.is_infinite and new.node in nodes.ancestors(connection, old.node)
    return above or below
