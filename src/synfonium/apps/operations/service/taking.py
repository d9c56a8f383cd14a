"""Makes one backup of a home, beside whoever serves it."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

import msgspec

from synfonium.apps.operations.errors import BackupInside, BlobsLacking, NoRoom, Unreadable
from synfonium.apps.operations.model.manifest import Manifest
from synfonium.apps.operations.service import staging
from synfonium.apps.operations.service.bucket import Bringing
from synfonium.apps.operations.service.holes import Holes
from synfonium.apps.operations.service.places import BUCKET, UNFINISHED
from synfonium.apps.operations.service.refusing import refusing
from synfonium.kernel.app import App
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Engines
from synfonium.kernel.hold import holding
from synfonium.kernel.i18n import _
from synfonium.ports.copies import DatabaseCopies
from synfonium.ports.secrets import SecretBox
from synfonium.ports.vault import Hollow, Stored, Vault

KEPT_FREE_BYTES = 64 * 1024 * 1024


class InBucket(msgspec.Struct, frozen=True, kw_only=True):
    """That people's files lie in a bucket. engines: read it; room_bytes: of the home's disk."""

    engines: Engines
    is_kept: bool
    room_bytes: int


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The home that is backed up."""

    home: Path
    copies: DatabaseCopies
    database: str
    schema: Mapping[str, str]
    secrets: SecretBox
    apps: tuple[App, ...]
    now_s: Callable[[], float]
    bucket: InBucket | None = None


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
                stored, manifest = await _store(source, vault, manifest, progress)
        finally:
            await asyncio.to_thread(staging.clear, source.home)
        unfinished.unlink()
    need_all(stored)
    if manifest.lacking:
        raise BlobsLacking(count=len(manifest.lacking))
    return stored, manifest


async def _store(
    source: Source, vault: Vault, manifest: Manifest, progress: Progress
) -> tuple[Stored, Manifest]:
    if source.bucket is None:
        return await _store_home(source, vault, progress), manifest
    if not source.bucket.is_kept:
        manifest = msgspec.structs.replace(manifest, bucket="left")
        await asyncio.to_thread(staging.write_manifest, source.home, manifest)
        return await _store_home(source, vault, progress), manifest
    return await _store_with_bucket(source, source.bucket, vault, manifest, progress)


async def _store_with_bucket(
    source: Source, bucket: InBucket, vault: Vault, manifest: Manifest, progress: Progress
) -> tuple[Stored, Manifest]:
    holes, tell = Holes(source.home), _tell(progress, _("Fetching from the bucket"))
    await holes.follow(vault)

    async def store_part(hollow: Hollow) -> str:
        return (await _store_home(source, vault, progress, hollow=hollow, is_part=True)).id

    bringing = Bringing(
        source.home,
        holes,
        room_bytes=bucket.room_bytes,
        store_part=store_part,
        brought=lambda size_bytes: tell(size_bytes, 0),
    )
    lacking = await bringing.bring(bucket.engines, source.apps)
    manifest = msgspec.structs.replace(manifest, bucket="kept", lacking=lacking)
    await asyncio.to_thread(staging.write_manifest, source.home, manifest)
    stored = await _store_home(source, vault, progress, hollow=holes.hollow())
    holes.stored(stored.id)
    holes.settle()
    return stored, manifest


async def _store_home(
    source: Source, vault: Vault, progress: Progress, *, hollow: Hollow | None = None, is_part: bool = False
) -> Stored:
    left, told = staging.left_out(source.apps), _tell(progress, _("Storing"))
    # Holes of an earlier setting stand for nothing here.
    left = left if hollow else (*left, BUCKET)
    return await vault.store(source.home, leave_out=left, told=told, hollow=hollow, is_part=is_part)


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
