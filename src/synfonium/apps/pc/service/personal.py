"""What the PC app does with a person's data beyond its tables: the homes of their PCs."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import msgspec
from sqlalchemy import Connection

from synfonium.apps.pc import store
from synfonium.apps.pc.model.machine import Machine, checked_limits, checked_name
from synfonium.apps.pc.service.folders import Folders
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.coming import BadArchive
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.personal import Archive, Coming, Part, Plain
from synfonium.kernel.personal_tables import row_from_json

PIECE_BYTES = 1024 * 1024
MOST_PARTS = 100
_PATH = "from the PC's home, its bytes percent-encoded (RFC 3986)"
_TREE_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "homes",
    "description": "What was in the homes of PCs: folders first. Content stands in the file `content`.",
    "type": "object",
    "additionalProperties": False,
    "required": ["machine", "path", "kind", "mode", "modified_s", "target", "content"],
    "properties": {
        "machine": {"type": "string"},
        "path": {"type": "string", "description": _PATH},
        "kind": {"enum": ["folder", "file", "link"]},
        "mode": {"type": "integer"},
        "modified_s": {"type": "number"},
        "target": {"type": "string", "description": "of a link, percent-encoded"},
        "content": {"type": "string"},
    },
}


class _Thing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    machine: str
    path: str
    kind: str
    mode: int
    modified_s: float
    target: str
    content: str


class _Pc(Plain):
    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.folder / "machines"

    def look(self, connection: Connection, person: PersonId) -> list[Machine]:
        return list(store.machines_of(connection, person))

    async def export(self, person: PersonId, seen: list[Machine], archive: Archive) -> None:
        """What a running PC writes meanwhile may be in it or not; what cannot be opened is not."""
        things: list[_Thing] = []
        for machine in seen:
            home = Folders(self._folder, machine.id).home
            for path, about in await asyncio.to_thread(_walked, home):
                thing = await _given(machine.id, home, path, about, archive)
                if thing is not None:
                    things.append(thing)
        await archive.rows("homes", map(msgspec.to_builtins, things), _TREE_SCHEMA)

    async def bring(self, person: PersonId, name: str, coming: Coming) -> None:
        machines = [_machine(row, person, coming) for row in coming.rows("pc_machine")]
        if len(machines) > self._context.config.machines_per_person:
            raise BadArchive(_("There are more PCs in it than a person may have here."))
        await self._context.database.write(partial(_add, machines=machines))
        homes = {m.id: Folders(self._folder, m.id).home for m in machines}
        for made in homes.values():
            await asyncio.to_thread(made.mkdir, parents=True, exist_ok=True, mode=0o700)
        links, folders = [], []
        for row in coming.rows("homes"):
            thing = _thing(row)
            home = homes.get(coming.new_id(thing.machine))
            if home is None:
                raise BadArchive(_("A row in it is not of the kind it should be."))
            if thing.kind == "link":
                links.append((home, thing))  # last, so that nothing is written through one
            else:
                await _taken(home, thing, coming)
                folders += [(home, thing)] if thing.kind == "folder" else []
        for home, thing in links:
            await asyncio.to_thread(_link, home, thing)
        for home, thing in reversed(folders):
            await asyncio.to_thread(_as_it_was, home, thing)

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        """Switched off, and the disk removed."""
        broker = self._context.service.broker
        machines = await broker.list(person)
        for machine in machines:
            await broker.delete(machine)
        return {"pcs": len(machines)}


def _walked(home: Path) -> list[tuple[bytes, os.stat_result]]:
    return list(_walk(home))


def _walk(home: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """Paths from the home and what they are, never through a link; other file systems aside."""
    if not home.is_dir() or home.is_symlink():
        return
    top = os.fsencode(home)
    device = os.stat(top).st_dev  # noqa: PTH116
    for folder, folders, files in os.walk(top, followlinks=False):
        folders.sort()
        for name in [*folders, *sorted(files)]:
            path = os.path.join(folder, name)  # noqa: PTH118
            try:
                about = os.lstat(path)
            except FileNotFoundError:
                continue
            if about.st_dev == device:
                yield os.path.relpath(path, top), about


async def _given(
    machine: str, home: Path, path: bytes, about: os.stat_result, archive: Archive
) -> _Thing | None:
    full = os.path.join(os.fsencode(home), path)  # noqa: PTH118
    shared = (machine, quote(path, safe="/"))
    mode, modified_s = stat.S_IMODE(about.st_mode), about.st_mtime
    try:
        if stat.S_ISDIR(about.st_mode):
            return _Thing(*shared, "folder", mode, modified_s, "", "")
        if stat.S_ISLNK(about.st_mode):
            return _Thing(*shared, "link", mode, modified_s, quote(os.readlink(full)), "")  # noqa: PTH115
        if not stat.S_ISREG(about.st_mode):
            return None
        file = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        size_bytes = os.fstat(file).st_size
        place = f"{machine}/{path.decode('utf-8', 'replace')}"
        pieces = _pieces(file, size_bytes)
        content = await archive.file(place, pieces, size_bytes=size_bytes, modified_s=modified_s)
    finally:
        os.close(file)
    return _Thing(*shared, "file", mode, modified_s, "", content)


async def _pieces(file: int, size_bytes: int) -> AsyncIterator[bytes]:
    """So many bytes, with zeros for what somebody cut off meanwhile."""
    at = 0
    while at < size_bytes:
        want = min(PIECE_BYTES, size_bytes - at)
        piece = await asyncio.to_thread(os.pread, file, want, at)
        piece = piece or bytes(want)
        at += len(piece)
        yield piece


def _machine(row: dict[str, Any], person: PersonId, coming: Coming) -> Machine:
    try:
        checked = row_from_json(store.machines, row)
        checked_limits(checked["cpus"], checked["memory_bytes"], checked["disk_bytes"])
        checked |= {"name": checked_name(checked["name"]), "id": coming.new_id(checked["id"])}
    except (ValueError, Problem):
        raise BadArchive(_("A row in it is not of the kind it should be.")) from None
    off = {"wanted": "stopped", "state": "stopped", "reason": "", "started_s": 0.0}
    return Machine(**{**checked, **off, "owner": str(person)})


def _thing(row: dict[str, Any]) -> _Thing:
    try:
        thing = msgspec.convert(row, _Thing)
    except msgspec.ValidationError:
        raise BadArchive(_("A row in it is not of the kind it should be.")) from None
    parts = unquote_to_bytes(thing.path).split(b"/")
    is_odd = any(part in (b"", b".", b"..") or b"\0" in part or len(part) > 255 for part in parts)
    if is_odd or len(parts) > MOST_PARTS or thing.kind not in ("folder", "file", "link"):
        raise BadArchive(_("A row in it is not of the kind it should be."))
    return thing


async def _taken(home: Path, thing: _Thing, coming: Coming) -> None:
    """A folder or a file, in folders that came before it."""
    path = os.path.join(os.fsencode(home), unquote_to_bytes(thing.path))  # noqa: PTH118
    try:
        if thing.kind == "folder":
            os.mkdir(path, 0o700)  # noqa: PTH102
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            async for piece in coming.file(thing.content):
                await asyncio.to_thread(file.write, piece)
        _as_it_was(home, thing)
    except (FileExistsError, FileNotFoundError, NotADirectoryError, OverflowError):
        raise BadArchive(_("The files in it do not make a tree.")) from None


def _as_it_was(home: Path, thing: _Thing) -> None:
    path = os.path.join(os.fsencode(home), unquote_to_bytes(thing.path))  # noqa: PTH118
    os.chmod(path, thing.mode & 0o777)  # noqa: PTH101
    os.utime(path, (thing.modified_s, thing.modified_s))


def _add(connection: Connection, machines: list[Machine]) -> None:
    """Before their homes, so that what a crash leaves is somebody's, and goes."""
    for machine in machines:
        store.add_machine(connection, machine)


def _link(home: Path, thing: _Thing) -> None:
    path = os.path.join(os.fsencode(home), unquote_to_bytes(thing.path))  # noqa: PTH118
    target = unquote_to_bytes(thing.target)
    try:
        if not target or b"\0" in target or len(target) > 4000:
            raise FileNotFoundError
        os.symlink(target, path)  # noqa: PTH211
        os.utime(path, (thing.modified_s, thing.modified_s), follow_symlinks=False)
    except (FileExistsError, FileNotFoundError, NotADirectoryError):
        raise BadArchive(_("The files in it do not make a tree.")) from None


def part(context: Context) -> Part:
    return _Pc(context)
