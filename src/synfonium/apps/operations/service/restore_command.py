"""Restoring, from outside of any running installation."""

import asyncio
import getpass
import os
import shutil
import sys
from pathlib import Path

import msgspec

from synfonium.apps.operations import errors
from synfonium.apps.operations.model.manifest import Checked, Manifest
from synfonium.apps.operations.model.recovery_key import normal
from synfonium.apps.operations.service import restoring
from synfonium.apps.operations.service.refusing import refusing
from synfonium.kernel.app import installed_apps
from synfonium.kernel.calls import Progress
from synfonium.kernel.config import Settings
from synfonium.kernel.context import Engines
from synfonium.kernel.lock import HomeLock, HomeTaken
from synfonium.kernel.migrations import head
from synfonium.kernel.outside import Outside
from synfonium.kernel.restoring import is_half, mark, unmark
from synfonium.ports.vault import Kept, Vault

# What stands in a home that nobody has used yet.
_NOTHING = frozenset({"lock", "run", "half-restored", "synfonium.toml"})
_LONGEST_KEY = 1000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator asked for. snapshot: the beginning of an id; empty: the newest."""

    address: str
    snapshot: str = ""
    key_file: str = ""
    database: str = ""
    blobs: str = ""
    is_replacing: bool = False


async def list_kept(outside: Outside, wish: Wish) -> list[Kept]:
    """The backups at the place, oldest first."""
    return await _all(await _vault(outside, wish))


async def restore(outside: Outside, wish: Wish, progress: Progress) -> tuple[Checked, Path | None]:
    """Restores into the home, checks it, and only then takes its mark away.

    Gives what was checked, and where a home that was replaced lies now. Raises Problems.
    """
    home = outside.home
    need_free(home, is_replacing=wish.is_replacing)
    # Asked before the vault keeps its cache there.
    was_unused = _is_unused(home)
    vault = await _vault(outside, wish)
    kept = _chosen(await _all(vault), wish.snapshot)
    lock = HomeLock(home)
    try:
        lock.take()
    except HomeTaken:
        raise errors.HomeInUse from None
    try:
        aside = None if was_unused else _put_aside(home)
        mark(home)
        manifest = await restoring.fetch(vault, kept.id, home, progress)
        restoring.need_known(manifest, {app.name: head(app) for app in installed_apps() if app.migrations})
        engines = _engines(outside, wish, manifest)
        try:
            await restoring.settle(home, manifest, engines)
            if manifest.bucket == "kept":
                await restoring.fill_store(vault, kept.id, engines, installed_apps(), progress)
            checked = await restoring.check(home, manifest, engines, installed_apps(), progress)
        finally:
            await engines.close()
        await asyncio.to_thread(unmark, home)
    finally:
        lock.release()
    return checked, aside


def need_free(home: Path, *, is_replacing: bool) -> None:
    """Raises HomeNotEmpty where an installation is that nobody said to replace."""
    if not is_replacing and not is_half(home) and not _is_unused(home):
        raise errors.HomeNotEmpty


def _is_unused(home: Path) -> bool:
    return not home.exists() or {path.name for path in home.iterdir()} <= _NOTHING


def _put_aside(home: Path) -> Path | None:
    """Moves what is in the home into a folder beside it. What a killed restore had brought is
    taken away: nothing else is in a home with its mark."""
    found = [path for path in home.iterdir() if path.name not in _NOTHING]
    if is_half(home):
        for path in found:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if not found or is_half(home):
        return None
    for number in range(1, 1000):
        aside = home.with_name(f"{home.name}.before-restore-{number}")
        try:
            aside.mkdir(mode=0o700)
        except FileExistsError:
            continue
        for path in found:
            path.rename(aside / path.name)
        return aside
    raise errors.BackupFailed(detail="too many homes were put aside here")


async def _vault(outside: Outside, wish: Wish) -> Vault:
    key = await asyncio.to_thread(_key, wish, outside.home)
    vault = outside.vault(wish.address, key)
    with refusing():
        if not await vault.exists():
            raise errors.NoBackupThere
    return vault


async def _all(vault: Vault) -> list[Kept]:
    with refusing():
        return await vault.kept()


def _chosen(kept: list[Kept], snapshot: str) -> Kept:
    found = [one for one in kept if one.id.startswith(snapshot.lower())]
    if not found or (snapshot and len(found) > 1):
        raise errors.NoBackupThere
    return found[-1]


def _key(wish: Wish, home: Path) -> str:
    """From the file, the terminal, or standard input; else the home's own, when it is kept
    in a home that is to be replaced. Raises KeyNeeded and WrongKey."""
    text = _typed(wish)
    if not text.strip() and (home / "backup.key").is_file():
        text = (home / "backup.key").read_text("ascii", "replace")
    if not text.strip():
        raise errors.KeyNeeded
    try:
        return normal(text)
    except ValueError:
        raise errors.WrongKey from None


def _typed(wish: Wish) -> str:
    if wish.key_file:
        try:
            with Path(wish.key_file).open("r", encoding="ascii", errors="replace") as file:
                return file.read(_LONGEST_KEY)
        except OSError:
            raise errors.KeyNeeded from None
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass("Recovery key: ")
    return sys.stdin.readline(_LONGEST_KEY) if sys.stdin is not None else ""


def _engines(outside: Outside, wish: Wish, manifest: Manifest) -> Engines:
    """Engines of the restored home. Tables never go where its old settings point to: that is
    where the installation lives that was backed up."""
    home = outside.home
    chosen = {"blobs": wish.blobs} if wish.blobs else {}
    if wish.blobs:
        _remember(home, "blobs", wish.blobs)
    if manifest.database == "sqlite":
        settings = Settings(home, os.environ, {"database": "sqlite", **chosen})
        return outside.engines(home, settings)
    database = wish.database or os.environ.get("SYNFONIUM_DATABASE", "")
    if not database.startswith("postgresql://"):
        raise errors.DatabaseNeeded
    engines = outside.engines(home, Settings(home, os.environ, {"database": database, **chosen}))
    with refusing():
        if not wish.is_replacing and not _is_half_filled(home) and not engines.copies().is_empty():
            raise errors.DatabaseNotEmpty
    (home / "half-restored").write_text("filling")
    _remember(home, "database", database)
    return engines


def _is_half_filled(home: Path) -> bool:
    """Whether an earlier restore into this home had begun to fill its database."""
    return (home / "half-restored").exists() and (home / "half-restored").read_text() == "filling"


def _remember(home: Path, setting: str, value: str) -> None:
    """The restored home's settings say so from now on."""
    path = home / "synfonium.toml"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    top = next((at for at, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    kept = [line for line in lines[:top] if line.partition("=")[0].strip() != setting]
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text("\n".join([f'{setting} = "{quoted}"', *kept, *lines[top:]]) + "\n", "utf-8")
