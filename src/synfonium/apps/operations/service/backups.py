"""Backups and rehearsals of this home: one at a time, each remembered."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from synfonium.apps.operations.config import OperationsConfig
from synfonium.apps.operations.contract import RUN_FAILED
from synfonium.apps.operations.errors import AlreadyRunning, NoBackupThere, NoRoom, NowhereToGo
from synfonium.apps.operations.model.manifest import Checked
from synfonium.apps.operations.model.run import Kind, Run
from synfonium.apps.operations.service import restoring
from synfonium.apps.operations.service.keys import key_of, make_key
from synfonium.apps.operations.service.places import BUCKET, NAMES
from synfonium.apps.operations.service.refusing import refusing
from synfonium.apps.operations.service.taking import KEPT_FREE_BYTES, InBucket, Source, take
from synfonium.apps.operations.service.trying import Tried
from synfonium.apps.operations.store import runs
from synfonium.common.ids import new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import installed_apps
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.migrations import head
from synfonium.ports.vault import Kept, Vault

log = logs.get("operations")
JOB = "operations.run"
REHEARSAL = "backup/rehearsal"
# A trial reads the newest backup whole; of what only older ones need, it reads so much.
SHARE_READ = 0.05


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """What is being done at this moment. run: "" when nothing is."""

    run: str = ""
    kind: str = ""
    text: str = ""
    done: float = 0
    total: float = 0


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made. new_key: the recovery key when this made it, else empty."""

    run: Run
    files: int
    left_out: int
    new_key: str
    is_bucket_left: bool = False


class Backups:
    """`now` says what is being done; a run's row says what became of it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._config: OperationsConfig = context.config
        self._busy = asyncio.Lock()
        self.now = Now()

    async def backup_to(self, address: str, progress: Progress) -> Taken:
        """A backup for somebody who waits. Raises AlreadyRunning and what `take` raises."""
        if self._busy.locked():
            raise AlreadyRunning
        run = await self._begin("backup", is_job=False)
        async with self._busy:
            return await self._backup(run, address, progress)

    async def want(self, kind: Kind) -> str:
        """Writes down that a run shall be, once; it starts from the outbox. Raises NowhereToGo."""
        if not self._config.backup_to:
            raise NowhereToGo
        run = self._new(kind, "waiting")

        def write(connection: object) -> str:
            found = runs.waiting(connection, kind)  # type: ignore[arg-type]
            if found:
                return found
            runs.add(connection, run, is_job=True)  # type: ignore[arg-type]
            subject = f"operations:run/{run.id}"
            self._context.outbox.add(connection, "operations.run.wanted", subject, {"run": run.id})  # type: ignore[arg-type]
            return run.id

        return await self._context.database.write(write)

    async def work(self, arguments: dict[str, str]) -> None:
        """The job: does the run, whatever part of it a crash had left. What is refused is
        remembered and not tried again at once: the schedule decides when."""
        run = await self._context.database.read(lambda c: runs.find(c, arguments["run"]))
        if run is None or run.state in ("done", "failed"):
            return
        async with self._busy:
            try:
                if run.kind == "backup":
                    await self._backup(run, self._config.backup_to, self._told(run))
                    await self._thin()
                else:
                    await self._rehearse(run, self._told(run))
            except Problem as problem:
                log.warning("operations.run_failed", kind=run.kind, code=problem.code)

    async def resume(self) -> None:
        """After a start: what a command had begun is over, what a kill left is taken away."""
        await self._context.database.write(lambda c: runs.end_interrupted(c, self._context.clock.now_s()))
        await asyncio.to_thread(shutil.rmtree, self._context.home / REHEARSAL, True)

    @asynccontextmanager
    async def source(self) -> AsyncIterator[Source]:
        house = self._context.settings.house
        if not house.blobs.startswith("s3:"):
            yield self._source(None)
            return
        engines = self._context.elsewhere(self._context.home, house.database)
        room_bytes = self._config.bucket_room_mb * 1024 * 1024
        try:
            is_kept = self._config.backup_bucket
            yield self._source(InBucket(engines=engines, is_kept=is_kept, room_bytes=room_bytes))
        finally:
            await engines.close()

    def _source(self, bucket: InBucket | None) -> Source:
        apps = installed_apps()
        return Source(
            home=self._context.home,
            copies=self._context.copies(),
            database=self._context.settings.house.database,
            schema={app.name: head(app) for app in apps if app.migrations},
            secrets=self._context.secrets,
            apps=apps,
            now_s=self._context.clock.now_s,
            bucket=bucket,
        )

    # The two kinds of runs

    async def _backup(self, run: Run, address: str, progress: Progress) -> Taken:
        async with self._remembered(run, progress) as heard:
            if not address:
                raise NowhereToGo
            key = await asyncio.to_thread(key_of, self._context.home)
            new_key = "" if key else await asyncio.to_thread(make_key, self._context.home)
            vault = self._context.vault(address, key or new_key)
            async with self.source() as source:
                stored, manifest = await take(source, vault, address, heard)
            with refusing():
                vault_bytes = await vault.size_bytes()
            run = msgspec.structs.replace(
                run,
                state="done",
                ended_s=self._context.clock.now_s(),
                kept_id=stored.id,
                added_bytes=stored.added_bytes,
                total_bytes=stored.total_bytes,
                vault_bytes=vault_bytes,
            )
            await self._context.database.write(lambda c: runs.change(c, run))
        log.info("operations.backed_up", size_bytes=stored.total_bytes, count=len(manifest.rows))
        return Taken(
            run=run,
            files=stored.files,
            left_out=len(stored.left_out),
            new_key=new_key,
            is_bucket_left=manifest.bucket == "left",
        )

    async def _rehearse(self, run: Run, progress: Progress) -> Checked:
        async with self._remembered(run, progress) as heard:
            vault, newest = await self._newest()
            with refusing():
                await vault.verify(share=SHARE_READ)
            folder = self._context.home / REHEARSAL
            await asyncio.to_thread(shutil.rmtree, folder, True)
            try:
                checked = await self._try(vault, newest, folder, heard)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, True)
            run = msgspec.structs.replace(
                run, state="done", ended_s=self._context.clock.now_s(), kept_id=newest.id, checked=checked
            )
            await self._context.database.write(lambda c: runs.change(c, run))
        log.info("operations.rehearsed", count=checked.rows, size_bytes=checked.blob_bytes)
        return checked

    async def _try(self, vault: Vault, kept: Kept, folder: Path, progress: Progress) -> Checked:
        await self._need_room(vault, kept)
        manifest = await restoring.fetch(vault, kept.id, folder, progress)
        is_kept = manifest.bucket == "kept"
        with refusing(), self._context.copies().scratch() as database:
            engines = self._context.elsewhere(folder, database, blobs="file:" if is_kept else "")
            try:
                await restoring.settle(folder, manifest, engines)
                tried = Tried(folder / NAMES, engines, progress) if is_kept else None
                if tried:
                    await tried.all_of(vault, kept.id, installed_apps())
                return await restoring.check(folder, manifest, engines, installed_apps(), progress, tried)
            finally:
                await engines.close()

    async def _need_room(self, vault: Vault, kept: Kept) -> None:
        """For a trial all must fit beside the home, but what lay in a bucket."""
        latest = await self._context.database.read(runs.latest)
        last = next((run for run in latest if run.kept_id and kept.id.startswith(run.kept_id)), None)
        if last is None:
            return
        needed_bytes = last.total_bytes + KEPT_FREE_BYTES
        if shutil.disk_usage(self._context.home).free < needed_bytes:
            with refusing():
                needed_bytes -= sum([size async for _path, size in vault.listed(kept.id, BUCKET)])
        if shutil.disk_usage(self._context.home).free < needed_bytes:
            raise NoRoom(detail="the disk of the home, for a trial")

    async def _newest(self) -> tuple[Vault, Kept]:
        key = await asyncio.to_thread(key_of, self._context.home)
        if not self._config.backup_to:
            raise NowhereToGo
        if key is None:
            raise NoBackupThere
        vault = self._context.vault(self._config.backup_to, key)
        with refusing():
            kept = await vault.kept() if await vault.exists() else []
        if not kept:
            raise NoBackupThere
        return vault, kept[-1]

    async def _thin(self) -> None:
        vault, _newest = await self._newest()
        with refusing():
            await vault.thin(keep_daily=self._config.keep_daily, keep_weekly=self._config.keep_weekly)

    # Remembering

    @asynccontextmanager
    async def _remembered(self, run: Run, progress: Progress) -> AsyncIterator[Progress]:
        """Says while the block runs what is done, and afterwards how it ended. A run that is
        interrupted with its process stays as it is."""
        run = msgspec.structs.replace(run, state="running")
        await self._context.database.write(lambda c: runs.change(c, run))

        async def heard(text: str, done: float = 0, total: float = 0) -> None:
            self.now = Now(run=run.id, kind=run.kind, text=text, done=done, total=total)
            await progress(text, done, total)

        await heard(_("Beginning"))
        try:
            yield heard
        except Problem as problem:
            await self._failed(run, problem.code)
            raise
        except Exception as failure:
            log.error("operations.run_broken", failure, kind=run.kind)
            await self._failed(run, "operations.broken")
            raise
        finally:
            self.now = Now()

    async def _failed(self, run: Run, reason: str) -> None:
        ended_s = self._context.clock.now_s()
        over = msgspec.structs.replace(run, state="failed", ended_s=ended_s, reason=reason)

        def write(connection: Connection) -> None:
            runs.change(connection, over)
            self._context.outbox.add(connection, RUN_FAILED, f"operations:run/{run.id}", {"kind": run.kind})

        await self._context.database.write(write)

    async def _begin(self, kind: Kind, *, is_job: bool) -> Run:
        run = self._new(kind, "running")
        await self._context.database.write(partial(runs.add, run=run, is_job=is_job))
        return run

    def _new(self, kind: Kind, state: str) -> Run:
        now_s = self._context.clock.now_s()
        return Run(id=new_id(now_s), kind=kind, state=state, begun_s=now_s)  # type: ignore[arg-type]

    def _told(self, run: Run) -> Progress:
        async def told(text: str, done: float = 0, total: float = 0) -> None:
            await asyncio.sleep(0)

        return told
