"""Jobs that bring files in: begun, paused, gone on with and ended by their person; a few run at a time,
and those that a stop or a crash has cut go on by themselves."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchMoveIn, SourceUnusable, TooManyMoveIns
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.move_in import Left, MoveIn
from synfonium.apps.drive.model.query import Compare, Query
from synfonium.apps.drive.moving import nextcloud
from synfonium.apps.drive.moving.access import Access, open_source, seal, unseal
from synfonium.apps.drive.moving.large import Large
from synfonium.apps.drive.moving.port import NotTaken, Patience, Source, SourceAway, SourceRefused
from synfonium.apps.drive.moving.run import Over, Paused, Run
from synfonium.apps.drive.moving.takeout import TakeoutSource
from synfonium.apps.drive.moving.taking import Taker
from synfonium.apps.drive.moving.wanted import Wanted, access_of, short, where_from
from synfonium.apps.drive.moving.wire import Origin, Wire, basic
from synfonium.apps.drive.moving.words import said
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.store import move_ins
from synfonium.apps.identity.contract import People
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Forbidden, Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person

log = logs.get("drive")
AT_ONCE = 2
LOOK_EVERY_S, ASK_EVERY_S = 5.0, 1.5
ASKING_S = 20 * 60.0
MOST_JOBS, MOST_OPEN = 50, 10
NOW = Patience((0.2,))
_ACTIVE = ("asking", "waiting", "running", "paused")
_TAKEOUT = Compare(field="name", operator="like", value="%takeout%")
_ENDINGS = (".zip", ".tgz", ".tar.gz", ".tar")


class Movers:
    """All jobs of a drive."""

    def __init__(self, drive: DriveService, patience: Patience | None = None) -> None:
        self._drive, self._room = drive, drive.room
        self._patience = patience or Patience()
        self._wanted = asyncio.Event()
        self._tasks: dict[str, tuple[PersonId, asyncio.Task[None]]] = {}
        self._takers: dict[str, Taker] = {}
        self._held: set[str] = set()

    # What a person does

    async def begin(self, actor: Person, wanted: Wanted) -> MoveIn:
        """Raises Forbidden, BadInput, SourceUnusable, TooManyMoveIns, and as Tree.ensure_folders."""
        _own(actor)
        now_s = self._room.now_s()
        id_ = new_id(now_s)
        access, source = await self._checked(actor, wanted)
        names = [name for name in wanted.into.strip("/ ").split("/") if name]
        top = await self._drive.tree.top(actor)
        target = await self._drive.tree.ensure_folders(actor, top.id, names)
        job = MoveIn(
            id=id_,
            person=actor.id,
            kind=wanted.kind,
            state="asking" if access.token else "waiting",
            source=source,
            sealed_access=seal(self._room.context.secrets, id_, access),
            target=target,
            asked_s=now_s,
        )
        await self._room.context.database.write(lambda c: self._add(c, actor, job))
        self._wanted.set()
        return job

    def _add(self, connection: Connection, actor: Person, job: MoveIn) -> None:
        there = move_ins.of_person(connection, actor.id, limit=MOST_JOBS)
        if len(there) >= MOST_JOBS or sum(not one.is_ended for one in there) >= MOST_OPEN:
            raise TooManyMoveIns
        move_ins.add(connection, job)
        self._room.context.audit.add(
            connection, actor.id, "drive.move_in.begun", f"drive:move_in/{job.id}", ""
        )

    async def of(self, actor: Person) -> Sequence[MoveIn]:
        _own(actor)
        return await self._room.read(lambda c: move_ins.of_person(c, actor.id, limit=MOST_JOBS))

    async def one(self, actor: Person, id_: str) -> MoveIn:
        """Raises NoSuchMoveIn, also for another's."""
        _own(actor)
        found = await self._room.read(lambda c: move_ins.find(c, id_))
        if found is None or found.person != actor.id:
            raise NoSuchMoveIn
        taker = self._takers.get(id_)
        coming = taker.coming_bytes if taker else 0
        return msgspec.structs.replace(found, done_bytes=found.done_bytes + coming)

    async def not_taken(self, job: MoveIn, *, limit: int = 1000) -> list[Left]:
        return await self._room.read(lambda c: move_ins.not_taken(c, job.id, limit=limit))

    def login_url(self, job: MoveIn) -> str:
        """Where the person agrees, while that is waited for."""
        if job.state != "asking":
            return ""
        return unseal(self._room.context.secrets, job).login_url

    async def pause(self, actor: Person, id_: str) -> None:
        """Raises NoSuchMoveIn."""
        job = await self.one(actor, id_)
        self._held.add(job.id)
        try:
            # First, so that what it has done is noted while it still runs.
            await self._stop(job.id)
            await self._change(job.id, ("waiting", "running"), state="paused", why="asked")
        finally:
            self._held.discard(job.id)

    async def go_on(self, actor: Person, id_: str, secret: str = "") -> None:
        """secret: another password, where the one before opened nothing. Raises NoSuchMoveIn, BadInput."""
        job = await self.one(actor, id_)
        values: dict[str, object] = {"state": "waiting", "why": ""}
        if secret:
            access = msgspec.structs.replace(unseal(self._room.context.secrets, job), secret=short(secret))
            values["sealed_access"] = seal(self._room.context.secrets, job.id, access)
        await self._change(job.id, ("paused",), **values)
        self._wanted.set()

    async def cancel(self, actor: Person, id_: str) -> None:
        """What has come stays. Raises NoSuchMoveIn."""
        job = await self.one(actor, id_)
        self._held.add(job.id)
        try:
            await self._stop(job.id)
            await self._end(job, "cancelled")
        finally:
            self._held.discard(job.id)

    async def remove(self, actor: Person, id_: str) -> None:
        """Out of the list, with its report. Raises NoSuchMoveIn."""
        job = await self.one(actor, id_)
        if not job.is_ended:
            await self.cancel(actor, id_)
        await self._room.context.database.write(lambda c: move_ins.remove(c, job.id))

    async def forget(self, person: PersonId) -> None:
        """All of somebody who goes: nothing more comes in their name."""
        for job in await self._room.read(lambda c: move_ins.of_person(c, person, limit=1000)):
            await self._room.context.database.write(partial(move_ins.remove, id_=job.id))
            await self._stop(job.id)

    async def archives(self, actor: Person) -> Sequence[Node]:
        """Files of the person's that are called like a Takeout, by name."""
        top = await self._drive.tree.top(actor)
        query = Query(where=_TAKEOUT, order=(("name", False),), limit=200)
        found = [path[-1] for path in await self._drive.finding.find(actor, top.id, query)]
        return [node for node in found if node.is_file and node.name.lower().endswith(_ENDINGS)]

    # What is asked of a source at once

    async def _checked(self, actor: Person, wanted: Wanted) -> tuple[Access, str]:
        """The access, and where from in words. Raises BadInput, SourceUnusable."""
        access = access_of(wanted)
        try:
            return await self._tried(actor, access)
        except (SourceRefused, SourceAway) as refusal:
            raise SourceUnusable(field="source", reason=said(refusal.why)) from None

    async def _tried(self, actor: Person, access: Access) -> tuple[Access, str]:
        if access.kind == "nextcloud" and not access.secret:
            wire = self._wire(access)
            try:
                token, url = await NOW.call(lambda: nextcloud.begin(wire))
            except NotTaken:
                raise SourceRefused("nothing") from None
            finally:
                await wire.close()
            return msgspec.structs.replace(access, token=token, login_url=url), where_from(access)
        source = await self._open(actor, access, NOW)
        try:
            if not isinstance(source, TakeoutSource):
                async with aclosing(source.entries()) as entries:
                    await anext(entries, None)
                return access, where_from(access)
            return access, ", ".join(await source.names())[:500]
        finally:
            await source.close()

    async def _open(self, actor: Person, access: Access, patience: Patience) -> Source:
        is_local_allowed = self._room.config.local_sources
        return await open_source(self._drive, actor, access, patience, is_local_allowed=is_local_allowed)

    def _wire(self, access: Access) -> Wire:
        authorize = basic(access.name, access.secret)
        return Wire(Origin(access.url), authorize, is_local_allowed=self._room.config.local_sources)

    # In the background

    async def for_ever(self) -> None:
        while True:
            self._wanted.clear()
            try:
                asking = await self._look()
            except Exception as failure:
                log.error("drive.move_ins_failed", failure)
                asking = 0
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY_S if asking else LOOK_EVERY_S):
                    await self._wanted.wait()

    async def close(self) -> None:
        """Leaves what runs where it is; it goes on after the next start."""
        for id_ in list(self._tasks):
            await self._stop(id_)

    async def _look(self) -> int:
        """Starts what waits, and asks for those that have to be agreed to; how many those are."""
        asking = await self._room.read(lambda c: move_ins.in_states(c, ("asking",)))
        for job in asking:
            await self._ask(job)
        due = await self._room.read(lambda c: move_ins.in_states(c, ("waiting", "running")))
        for job in due:
            busy = {person for person, _task in self._tasks.values()}
            if (
                job.id in self._tasks
                or job.id in self._held
                or job.person in busy
                or len(self._tasks) >= AT_ONCE
            ):
                continue
            task = asyncio.create_task(self._run(job), name=f"move-in {job.id}")
            self._tasks[job.id] = (job.person, task)
            task.add_done_callback(partial(self._ended, job.id))
        return len(asking)

    def _ended(self, id_: str, _task: asyncio.Task[None]) -> None:
        self._tasks.pop(id_, None)
        self._wanted.set()

    async def _ask(self, job: MoveIn) -> None:
        """Whether the person has agreed at the source."""
        box = self._room.context.secrets
        access = unseal(box, job)
        if self._room.now_s() - job.asked_s > ASKING_S:
            await self._end(job, "cancelled")
            return
        try:
            wire = self._wire(access)
            try:
                granted = await nextcloud.poll(wire, access.token)
            finally:
                await wire.close()
        except (SourceAway, SourceRefused, NotTaken):
            return  # the next time
        if granted is None:
            return
        access = msgspec.structs.replace(
            access, name=granted.name, secret=granted.secret, token="", login_url="", is_granted=True
        )
        sealed = seal(box, job.id, access)
        await self._change(job.id, ("asking",), state="waiting", sealed_access=sealed)
        self._wanted.set()

    async def _run(self, job: MoveIn) -> None:
        try:
            if await self._change(job.id, ("waiting", "running"), state="running", why=""):
                await self._do(job)
                await self._end(job, "done")
        except Paused as pause:
            await self._change(job.id, ("running",), state="paused", why=pause.why)
            log.info("drive.move_in_paused", code=pause.why)
        except Over:
            return
        except Exception as failure:
            log.error("drive.move_in_failed", failure)
            await self._change(job.id, ("running",), state="paused", why="broken")

    async def _do(self, job: MoveIn) -> None:
        view = await self._room.context.offer(People).by_id(job.person)  # type: ignore[type-abstract]
        if view is None or view.is_suspended:
            raise Paused("person")
        actor = Person(id=view.id, name=view.name, display=view.display)
        try:
            source = await self._open(actor, unseal(self._room.context.secrets, job), self._patience)
        except (SourceAway, SourceRefused) as refusal:
            raise Paused(refusal.why) from None
        taker = Taker(self._drive, actor, job, source, self._patience)
        run = Run(self._room, job, source, taker)
        self._takers[job.id] = taker
        try:
            await run.run()
        finally:
            self._takers.pop(job.id, None)
            await asyncio.shield(run.save())
            taker.close()
            await source.close()

    async def _end(self, job: MoveIn, state: str) -> None:
        """The access goes with the end: what was granted for this job is given back."""
        access = unseal(self._room.context.secrets, job) if job.sealed_access else None
        values = {"state": state, "why": "", "sealed_access": b"", "ended_s": self._room.now_s()}

        def work(connection: Connection) -> None:
            move_ins.change(connection, job.id, _ACTIVE, values)
            move_ins.forget_taken(connection, job.id)

        await self._room.context.database.write(work)
        with suppress(Problem):  # what is left of it goes after a day
            await Large(self._drive, Person(id=job.person, name="", display=""), job.id).forget()
        if access and access.is_granted:
            wire = self._wire(access)
            with suppress(SourceAway, SourceRefused, NotTaken):
                await nextcloud.forget(wire)
            await wire.close()
        log.info("drive.move_in_ended", code=state)

    async def _change(self, id_: str, states: Sequence[str], **values: object) -> bool:
        work = partial(move_ins.change, id_=id_, states=states, values=values)
        return await self._room.context.database.write(work)

    async def _stop(self, id_: str) -> None:
        _person, task = self._tasks.get(id_, (None, None))
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _own(actor: Person) -> None:
    """An app that acts for somebody brings nothing in: it would be told of passwords."""
    if actor.app or actor.grants:
        raise Forbidden
