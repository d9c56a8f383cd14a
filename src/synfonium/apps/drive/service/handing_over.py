"""All that somebody owns becomes another's: of who leaves, by their own word or an administrator's.

Each thing of the topmost folder crosses whole or not at all, and a folder that is too large for that piece
by piece; a job that a crash has cut goes on with what is left. What crossed lies in the trash of who gave
it, until the trash forgets it."""

import asyncio
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import HandOverRuns, NobodyCalled, NotShareable, TooMany, WrongState
from synfonium.apps.drive.model import ANY, Node, NodeId
from synfonium.apps.drive.model.hand_over import HandOver
from synfonium.apps.drive.service.bin import put_in_trash
from synfonium.apps.drive.service.crossing import Crossing
from synfonium.apps.drive.service.places import NO_TOKENS, checked_name, free_name
from synfonium.apps.drive.service.room import Guest, Reach, Room, path_within
from synfonium.apps.drive.service.sharing import Sharing
from synfonium.apps.drive.service.telling import Telling
from synfonium.apps.drive.service.tree import Tree
from synfonium.apps.drive.store import hand_overs, links, nodes, shares
from synfonium.apps.identity.contract import People, PersonView
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Administrator, Person

log = logs.get("drive")
AT_ONCE = 100
TRIES = 5
MOST_SHOWN = 50


class HandingOver:
    """One at a time, in the role that owns the database."""

    def __init__(self, room: Room, sharing: Sharing, tree: Tree) -> None:
        self._room, self._sharing, self._tree = room, sharing, tree
        self._telling = Telling(room.context)
        self._wanted, self._turn = asyncio.Event(), asyncio.Lock()

    async def begin(self, actor: Person, name: str) -> HandOver:
        """All of the actor's own, to somebody of their groups or organisations.

        Raises NobodyCalled, NotShareable for an app, HandOverRuns, SpaceLocked."""
        if actor.grants or actor.app or isinstance(actor, Guest):
            raise NotShareable
        to = await self._sharing.sharees.neighbour(actor.id, name)
        return await self._begin(actor.id, actor.display or actor.name, to, actor.id)

    async def begin_for(self, actor: Administrator, person: PersonView, name: str) -> HandOver:
        """All that `person` owns, to whoever is called `name`; whoever calls this has asked for the pass.
        Raises as `begin`."""
        to = await self._room.context.offer(People).by_name(name.strip())  # type: ignore[type-abstract]
        if to is None or to.is_suspended or to.id == person.id:
            raise NobodyCalled
        return await self._begin(person.id, person.display or person.name, to.id, actor.id)

    async def _begin(self, person: PersonId, called: str, to: PersonId, by: PersonId) -> HandOver:
        for owner in (person, to):
            await self._room.keys.need(await self._room.space_of(owner))
        before = await self.of(person)
        if before and before.state == "running":
            raise HandOverRuns
        into = await self._into_before(before, to)
        now_s = self._room.now_s()
        one = HandOver(
            id=new_id(now_s),
            person=person,
            to=to,
            asked_by=by,
            into=into or await self._folder(to, called),
            moved=before.moved if into and before else 0,
            asked_s=now_s,
        )

        def work(connection: Connection) -> None:
            found = hand_overs.of_person(connection, person)
            if found and found.state == "running":
                raise HandOverRuns
            hand_overs.put(connection, one)
            self._room.context.audit.add(connection, by, "drive.handed_over", f"drive:space/{person}")

        await self._room.context.database.write(work)
        self._wanted.set()
        return one

    async def _into_before(self, before: HandOver | None, to: PersonId) -> NodeId | None:
        """The folder of one that stopped, if it is still there."""
        if before is None or before.to != to or before.state != "stopped":
            return None
        reach = await self._room.reach_of(to)
        is_there = await self._room.read(lambda c: bool(path_within(c, reach, before.into)))
        return before.into if is_there else None

    async def _folder(self, to: PersonId, called: str) -> NodeId:
        """A new one in their topmost folder, called like who gives."""
        receiver = Person(id=to, name="", display="")
        top = (await self._room.reach_of(to)).space.root
        name = checked_name(called.replace("/", " ").strip() or "Drive")
        free = await self._room.read(lambda c: free_name(c, top, name))
        return (await self._tree.make_folder(receiver, top, free)).id

    async def of(self, person: PersonId) -> HandOver | None:
        """The last one of theirs."""
        return await self._room.read(lambda c: hand_overs.of_person(c, person))

    async def latest(self) -> Sequence[HandOver]:
        return await self._room.read(lambda c: hand_overs.latest(c, MOST_SHOWN))

    async def forget(self, person: PersonId) -> None:
        """Nothing more of somebody who goes is moved."""
        await self._room.context.database.write(lambda c: hand_overs.forget(c, person))

    # The job

    async def for_ever(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self.run_all()
            except Exception as failure:
                log.error("drive.hand_over_failed", failure)
                await asyncio.sleep(60.0)
                continue
            await self._wanted.wait()

    async def run_all(self) -> None:
        """All that wait now, or were cut."""
        async with self._turn:
            while found := await self._room.read(lambda c: hand_overs.running(c, 1)):
                await self._run(found[0])

    async def _run(self, one: HandOver) -> None:
        state, why = "done", ""
        try:
            own = await self._room.reach_of(one.person)
            await self._all(one, own.space.root, one.into)
        except Problem as problem:
            state, why = "stopped", problem.code
        ended = msgspec.structs.replace(one, state=state, why=why, ended_s=self._room.now_s())
        is_ended = await self._room.context.database.write(lambda c: hand_overs.end(c, ended))
        self._sharing.changed()
        if is_ended and state == "done":
            await self._telling.handed_over(ended)

    async def _all(self, one: HandOver, folder: NodeId, into: NodeId) -> None:
        """What lies in `folder` goes into `into`, until nothing is left."""
        while members := await self._room.read(
            lambda c: nodes.children_by_key(c, folder, after=b"", limit=AT_ONCE)
        ):
            for node in members:
                await self._one(one, node, into)

    async def _one(self, one: HandOver, node: Node, into: NodeId) -> None:
        there = None if node.is_file else await self._room.read(lambda c: nodes.child(c, into, node.name))
        if there is None or there.is_file:
            try:
                await self._cross(one, node, into)
                return
            except TooMany:
                receiver = Person(id=one.to, name="", display="")
                there = await self._tree.make_folder(receiver, into, node.name)
        await self._all(one, node.id, there.id)
        await self._cross(one, node, into)

    async def _cross(self, one: HandOver, node: Node, into: NodeId) -> None:
        """Tried again while somebody still writes there."""
        for left in reversed(range(TRIES)):
            try:
                await self._move(one, node, into)
                return
            except WrongState:
                if not left:
                    raise

    async def _move(self, one: HandOver, node: Node, into: NodeId) -> None:
        if await self.of(one.person) is None:
            raise NobodyCalled
        reach, target = await self._room.reach_of(one.person), await self._room.reach_of(one.to)
        there = await self._room.read(lambda c: nodes.child(c, into, node.name))
        below = await self._room.read(lambda c: nodes.ids_below(c, node.id))
        if there and not there.is_file and not node.is_file and len(below) <= 1:
            # Emptied piece by piece: its own folder is there already.
            await self._room.write(reach.space.id, lambda c: self._put_away(c, reach, node))
            return
        free = await self._room.read(lambda c: free_name(c, into, node.name))
        crossing = Crossing(self._room, reach, target, into, free, NO_TOKENS)
        await crossing.move(node.id, ANY, lambda c, path, source: False)

        def work(connection: Connection) -> None:
            shares.remove_of_nodes(connection, below)
            links.remove_of_nodes(connection, below)
            hand_overs.add_moved(connection, one.id, len(below))

        await self._room.write(reach.space.id, work)

    def _put_away(self, connection: Connection, reach: Reach, node: Node) -> None:
        found = nodes.find(connection, node.id)
        if found is not None and found.parent is not None:
            put_in_trash(self._room, connection, reach, found, self._room.now_s())
