"""Makes one backup of a home, beside whoever serves it."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import msgspec

from synfonium.apps.operations.errors import BackupInside, NoRoom, Unreadable
from synfonium.apps.operations.model.manifest import Manifest
from synfonium.apps.operations.service import staging
from synfonium.apps.operations.service.places import UNFINISHED
from synfonium.apps.operations.service.refusing import refusing
from synfonium.kernel.app import App
from synfonium.kernel.calls import Progress
from synfonium.kernel.hold import holding
from synfonium.kernel.i18n import _
from synfonium.ports.copies import DatabaseCopies
from synfonium.ports.secrets import SecretBox
from synfonium.ports.vault import Stored, Vault

KEPT_FREE_BYTES = 64 * 1024 * 1024


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The home that is backed up."""

    home: Path
    copies: DatabaseCopies
    database: str
    schema: Mapping[str, str]
    secrets: SecretBox
    apps: tuple[App, ...]
    now_s: Callable[[], float]


async def take(source: Source, vault: Vault, address: str, progress: Progress) -> tuple[Stored, Manifest]:
    """A backup that the vault keeps when this returns. Raises Problems of operations.

    After a kill the next one to the same place goes on with what had arrived. Cancelled, it
    leaves nothing behind in the home.
    """
    check_outside(source.home, address)
    unfinished = source.home / UNFINISHED
    with refusing():
        unfinished.parent.mkdir(exist_ok=True, mode=0o700)
        await _prepare(vault, unfinished, address, progress)
        await asyncio.to_thread(_need_room, source.home)
        unfinished.write_text(address)
        try:
            with holding(source.home):
                manifest = await _make_ready(source, progress)
                stored = await vault.store(
                    source.home, leave_out=staging.left_out(source.apps), told=_tell(progress, _("Storing"))
                )
        finally:
            await asyncio.to_thread(staging.clear, source.home)
        unfinished.unlink()
    need_all(stored)
    return stored, manifest


def check_outside(home: Path, address: str) -> None:
    """Raises BackupInside for a folder within the home."""
    if address.startswith("/"):
        place = Path(address).resolve()
        if place == home.resolve() or place.is_relative_to(home.resolve()):
            raise BackupInside


async def _prepare(vault: Vault, unfinished: Path, address: str, progress: Progress) -> None:
    if not await vault.exists():
        await progress(_("Beginning a new place of backups"))
        await vault.create()
    elif unfinished.exists():
        await progress(_("Looking for what an interrupted backup had stored"))
        await vault.mend()


def _need_room(home: Path) -> None:
    """Copies of the databases must fit beside them."""
    needed = sum(path.stat().st_size for path in (home / "databases").glob("*") if path.is_file())
    free = shutil.disk_usage(home).free
    if free < needed + KEPT_FREE_BYTES:
        raise NoRoom(detail="the disk of the home")


async def _make_ready(source: Source, progress: Progress) -> Manifest:
    """In a thread, which ends soon after its caller was cancelled."""
    given_up, loop = threading.Event(), asyncio.get_running_loop()
    told = _tell(progress, _("Copying the databases"))

    def seen(done: float, total: float) -> None:
        if given_up.is_set():
            raise InterruptedError("nobody waits any more")
        asyncio.run_coroutine_threadsafe(told(done, total), loop)

    work = asyncio.create_task(
        asyncio.to_thread(
            staging.make_ready,
            source.home,
            copies=source.copies,
            database=source.database,
            schema=source.schema,
            secrets=source.secrets,
            apps=source.apps,
            now_s=source.now_s(),
            seen=seen,
        )
    )
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        given_up.set()
        await asyncio.gather(work, return_exceptions=True)
        raise


def _tell(progress: Progress, text: str) -> Callable[[float, float], Coroutine[None, None, None]]:
    async def told(done: float, total: float) -> None:
        await progress(text, done, total)

    return told


def need_all(stored: Stored) -> None:
    """Raises Unreadable when something is missing. Files of a running PC come and go while
    they are read; anything else must be whole."""
    missing = [path for path in stored.left_out if not path.startswith("apps/")]
    if missing:
        raise Unreadable(count=len(missing), first=missing[0])
