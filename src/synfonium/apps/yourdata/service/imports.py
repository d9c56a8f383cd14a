"""Takes an archive in: judged whole, brought under an id that nobody has yet, then switched on.

Until identity makes the account, last of all, what was brought belongs to nobody and can be
seen by nobody. Whatever fails or is killed before that is taken back as an erasure takes it.
"""

import asyncio
import os
import shutil
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from synfonium.apps.identity.contract import People
from synfonium.apps.yourdata import store
from synfonium.apps.yourdata.service.erasures import Erasures
from synfonium.common.ids import PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.calls import Progress
from synfonium.kernel.coming import BadArchive, ComingPart, Manifest, open_archive
from synfonium.kernel.commands import keeps_something
from synfonium.kernel.context import Context
from synfonium.libraries.safezip import BadZip, Limits, SafeZip

log = logs.get("yourdata")
KEPT_FREE_BYTES = 64 * 1024 * 1024
WAIT_S = 30.0


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A person who has come. notes: what could not come along, and why."""

    person: str
    name: str
    notes: tuple[str, ...]


class Imports:
    """In the worker; each app's part runs in its own role."""

    def __init__(self, context: Context, erasures: Erasures) -> None:
        self._context, self._erasures = context, erasures
        self._lock = asyncio.Lock()

    async def take_in(self, path: Path, name: str, progress: Progress) -> Arrived:
        """Makes the archive's person, called `name` or as before. All of it or nothing.

        Raises BadArchive, what identity refuses of the name, and StorageFull.
        """
        async with self._lock:
            free = shutil.disk_usage(self._context.home).free - KEPT_FREE_BYTES
            archive, manifest = await asyncio.to_thread(open_archive, path, Limits(most_bytes=max(free, 0)))
            with archive:
                await self._read_all(archive, manifest, progress)
            return await self._bring(path, name or manifest.person.name, progress)

    async def _read_all(self, archive: SafeZip, manifest: Manifest, progress: Progress) -> None:
        """Every byte once, before any is kept: a wrong checksum is found here."""
        total = sum(entry.size_bytes for entry in archive.entries.values())
        done = 0
        for path, entry in archive.entries.items():
            await asyncio.to_thread(_read, archive, path)
            done += entry.size_bytes
            await progress("read", done / 2, total)
        for app in manifest.apps:
            for path in archive.entries:
                if path.startswith(f"apps/{app}/") and path.endswith(".jsonl") and path.count("/") == 2:
                    part = ComingPart(archive, app, manifest.person.id, bytes(32))
                    table = path.rpartition("/")[2].removesuffix(".jsonl")
                    await asyncio.to_thread(_count, part, table)

    async def _bring(self, path: Path, name: str, progress: Progress) -> Arrived:
        person, key = PersonId(new_id(self._context.clock.now_s())), new_key()
        await self._begin(person, key)
        try:
            notes = []
            apps = _in_order([app for app in installed_apps() if keeps_something(app)])
            for number, app in enumerate(apps):
                await progress(app.name, len(apps) + number, 2 * len(apps))
                arguments = {"person": person, "name": name, "path": str(path), "key": key.hex()}
                answer = await self._context.call(f"{app.name}.personal_bring", arguments)
                notes += [f"{app.name}: {note}" for note in answer["notes"]]
        except BaseException:
            await asyncio.shield(self._take_back(person))
            raise
        await self._context.database.write(lambda c: store.remove_arrival(c, person))
        return Arrived(person=person, name=name, notes=tuple(notes))

    async def _begin(self, person: PersonId, key: bytes) -> None:
        sealed = self._context.secrets.seal(key, purpose=f"yourdata/arrival/{person}")
        now_s = self._context.clock.now_s()

        def work(connection: Connection) -> None:
            store.add_arrival(connection, person, sealed, now_s)

        await self._context.database.write(work)

    async def _take_back(self, person: PersonId) -> None:
        await self._erasures.destroy_all(person)
        await self._context.database.write(lambda c: store.remove_arrival(c, person))

    async def tidy(self) -> None:
        """After a crash: who exists has arrived, who does not is taken back."""
        while True:
            left = await self._context.database.read(store.arrivals_left)
            try:
                async with self._lock:
                    for person in left:
                        await self._settle(PersonId(person))
                return
            except Problem as problem:
                log.warning("yourdata.arrival_waits", code=problem.code)
            await asyncio.sleep(WAIT_S)

    async def _settle(self, person: PersonId) -> None:
        if await self._context.offer(People).by_id(person):  # type: ignore[type-abstract]
            await self._context.database.write(lambda c: store.remove_arrival(c, person))
        else:
            await self._take_back(person)


def new_key() -> bytes:
    """What turns the ids of one archive into ids that nobody can foresee."""
    return os.urandom(32)


def _in_order(apps: list[App]) -> list[App]:
    """Who makes the person exist comes last."""
    return sorted(apps, key=lambda app: app.brings_person)


def _count(part: ComingPart, table: str) -> int:
    return sum(1 for _row in part.rows(table))


def _read(archive: SafeZip, path: str) -> None:
    try:
        for _piece in archive.read(path):
            pass
    except BadZip as error:
        raise BadArchive(str(error)) from None
