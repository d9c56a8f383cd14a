"""Brings a home back from a backup, and proves that it is the same."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from synfonium.apps.operations.errors import NewerBackup, NotTheSame
from synfonium.apps.operations.model.manifest import FORMAT, Checked, Manifest
from synfonium.apps.operations.service import arriving, checking
from synfonium.apps.operations.service.places import BUCKET, MANIFEST, staging
from synfonium.apps.operations.service.refusing import refusing
from synfonium.kernel.app import App
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Engines
from synfonium.kernel.i18n import _
from synfonium.kernel.small_blobs import blobs_of
from synfonium.ports.vault import Vault

if TYPE_CHECKING:
    from synfonium.apps.operations.service.trying import Tried


async def fetch(vault: Vault, kept_id: str, home: Path, progress: Progress) -> Manifest:
    """Brings every file of a backup into `home`, but what lay in a bucket. Raises Problems."""

    async def told(done: float, total: float) -> None:
        await progress(_("Bringing the files back"), done, total)

    with refusing():
        await vault.fetch(kept_id, home, told=told, leave_out=BUCKET)
        return await asyncio.to_thread(_manifest, home)


def need_known(manifest: Manifest, schema: Mapping[str, str]) -> None:
    """Raises NewerBackup for tables that this version does not know."""
    newer = [app for app, revision in manifest.schema.items() if revision > schema.get(app, "9999")]
    if newer or manifest.format > FORMAT:
        raise NewerBackup(version=manifest.version)


async def settle(home: Path, manifest: Manifest, engines: Engines) -> None:
    """Puts databases and indexes at their places. Raises NotTheSame, Problems."""
    with refusing():
        await asyncio.to_thread(checking.check_copies, staging(home), manifest)
        await asyncio.to_thread(engines.copies().put_back, staging(home) / "databases")
        await asyncio.to_thread(_settle_files, home)


async def fill_store(
    vault: Vault, kept_id: str, engines: Engines, apps: tuple[App, ...], progress: Progress
) -> None:
    """Puts what lay in a bucket where the home's settings say. Raises NotTheSame, Problems."""
    done = 0

    async def arrived(app: App, name: str, size_bytes: int) -> None:
        nonlocal done
        done += size_bytes
        await progress(_("Filling the bucket"), done)

    with refusing():
        await arriving.bring_back(vault, kept_id, apps, engines.blobs, arrived)


async def check(
    home: Path,
    manifest: Manifest,
    engines: Engines,
    apps: tuple[App, ...],
    progress: Progress,
    tried: "Tried | None" = None,
) -> Checked:
    """Compares the home with what the backup says of itself. tried: blobs that were looked at
    elsewhere. Raises NotTheSame."""
    look = checking.Look(
        apps=tuple(app for app in apps if app.name in manifest.schema),
        database=lambda app: engines.database(app, read_only=True),
        blobs=lambda app: blobs_of(app, engines.blobs(app), engines.database(app, read_only=True)),
        copies=engines.copies(),
        lacking=frozenset(manifest.lacking),
        is_whole=tried.is_whole if tried else lambda app, name: False,
    )

    async def told(size_bytes: int) -> None:
        await progress(_("Checking every file"), size_bytes)

    with refusing():
        box = checking.check_key(home, manifest)
        found = await asyncio.to_thread(checking.check_rows, manifest, look.copies)
        blobs, blob_bytes = await checking.check_blobs(look, told)
        return msgspec.structs.replace(
            found,
            blobs=blobs + (tried.blobs if tried else 0),
            blob_bytes=blob_bytes + (tried.blob_bytes if tried else 0),
            lacking=len(manifest.lacking),
            sealed=await asyncio.to_thread(checking.check_sealed, look, box),
            indexes=await asyncio.to_thread(checking.check_indexes, home, manifest),
            audit_rows=await asyncio.to_thread(checking.check_audit, home, look, box),
        )


def _manifest(home: Path) -> Manifest:
    try:
        return msgspec.json.decode((staging(home) / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        raise NotTheSame(detail="it does not say what it holds") from None


def _settle_files(home: Path) -> None:
    for name in ("indexes", "audit"):
        source, target = staging(home) / name, home / name
        if target.exists():
            shutil.rmtree(target)
        if source.exists():
            source.rename(target)
    shutil.rmtree(staging(home))
