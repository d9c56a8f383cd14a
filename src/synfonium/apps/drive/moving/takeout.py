"""A Google Takeout as a source: one archive or several parts of one, ZIP or tar, that lie in the drive."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

import msgspec

from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.moving import zip_parts
from synfonium.apps.drive.moving.parts import ArchivePart
from synfonium.apps.drive.moving.port import Entry, NotTaken, Opened, SourceRefused, Why
from synfonium.apps.drive.moving.sidecars import MOST_BYTES, Sidecars, may_be_note, taken_s
from synfonium.apps.drive.moving.tar_parts import TarStream
from synfonium.apps.drive.moving.zip_parts import ZipEntry
from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person

TOP = "Takeout"
MOST_PARTS = 500
MOST_FILES = 2_000_000
_ABOUT = frozenset({"archive_browser.html"})


class _Raw(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a part, as the part tells of it."""

    part: int
    path: str
    is_file: bool
    size_bytes: int
    modified_s: float | None
    why: Why
    zipped: ZipEntry | None = None


class TakeoutSource:
    """All parts as one tree, without the folder `Takeout` that holds it."""

    def __init__(self, parts: Sequence[ArchivePart], *, keeps_notes: bool) -> None:
        self._parts, self._keeps_notes = parts, keeps_notes
        self._zipped: dict[int, list[ZipEntry]] = {}
        self._sidecars = Sidecars()
        self._used: frozenset[str] | None = None
        self._by_ref: dict[str, ZipEntry] = {}
        self._streams: dict[int, TarStream] = {}
        self.at_once = 1

    @classmethod
    async def of(
        cls, drive: DriveService, actor: Person, nodes: Sequence[NodeId], *, keeps_notes: bool
    ) -> "TakeoutSource":
        """Raises SourceRefused."""
        parts = []
        for node in nodes[:MOST_PARTS]:
            try:
                parts.append(ArchivePart(drive, await drive.files.content(actor, node)))
            except Problem:
                raise SourceRefused("archive") from None
        source = cls(sorted(parts, key=lambda part: part.name), keeps_notes=keeps_notes)
        await source._look()
        return source

    async def close(self) -> None:
        """Nothing is held."""

    async def names(self) -> list[str]:
        """Of its parts, of which each has a first entry. Raises SourceRefused."""
        for number, part in enumerate(self._parts):
            if number not in self._zipped:
                async with aclosing(TarStream(part).entries()) as entries:
                    await anext(entries, None)
        return [part.name for part in self._parts]

    async def _look(self) -> None:
        """Which parts are ZIP: those can be read at any place, and so by several at once."""
        for number, part in enumerate(self._parts):
            if (await part.span(0, 2)) == b"PK":
                self._zipped[number] = await zip_parts.entries_of(part)
        if len(self._zipped) == len(self._parts):
            self.at_once = 8

    async def entries(self) -> AsyncGenerator[Entry, None]:
        if self._used is None:
            await self._read_notes()
        used = frozenset() if self._keeps_notes or self._used is None else self._used
        async for raw in self._raw():
            path = _path(raw.path)
            if path and raw.path not in used and not (len(path) == 1 and path[0] in _ABOUT):
                yield self._entry(raw, path)

    async def _read_notes(self) -> None:
        """All notes first: that of a picture may lie in another part."""
        files = list[str]()
        async for raw in self._raw():
            if raw.is_file and not raw.why:
                files.append(raw.path)
                if may_be_note(raw.path, raw.size_bytes):
                    await self._read_note(raw)
            if len(files) > MOST_FILES:
                raise SourceRefused("many")
        self._used = self._sidecars.used_by(files)

    async def _read_note(self, raw: _Raw) -> None:
        content = bytearray()
        try:
            async for piece in self._content(raw):
                content += piece
                if len(content) > MOST_BYTES:
                    return
        except NotTaken:
            return
        time_s = taken_s(bytes(content))
        if time_s is not None:
            self._sidecars.add(raw.path, time_s)

    async def _raw(self) -> AsyncIterator[_Raw]:
        for number, part in enumerate(self._parts):
            if number in self._zipped:
                for one in self._zipped[number]:
                    yield _Raw(
                        part=number,
                        path=one.path,
                        is_file=one.is_file,
                        size_bytes=one.size_bytes,
                        modified_s=one.modified_s,
                        why=one.why,
                        zipped=one,
                    )
                continue
            stream = self._streams[number] = TarStream(part)
            async for entry in stream.entries():
                yield _Raw(
                    part=number,
                    path=entry.path,
                    is_file=entry.is_file,
                    size_bytes=entry.size_bytes,
                    modified_s=entry.modified_s,
                    why=entry.why,
                )

    def _entry(self, raw: _Raw, path: tuple[str, ...]) -> Entry:
        note = self._sidecars.find(raw.path) if raw.is_file else None
        return Entry(
            path=path,
            is_file=raw.is_file,
            size_bytes=raw.size_bytes if raw.is_file else None,
            modified_s=note[1] if note else raw.modified_s,
            ref=f"{raw.part}/{raw.zipped.start if raw.zipped else ''}",
            mark=f"{raw.size_bytes} {raw.zipped.crc if raw.zipped else ''} {raw.modified_s}",
            why=raw.why or _refused(path),
        )

    async def open(self, entry: Entry, start: int = 0) -> Opened:
        """Nothing here is ever lost on the way: `start` is 0."""
        number, _, at = entry.ref.partition("/")
        part = int(number)
        if not at:
            return Opened(self._streams[part].content())
        if not self._by_ref:
            self._by_ref = {f"{n}/{one.start}": one for n, ones in self._zipped.items() for one in ones}
        return Opened(zip_parts.content_of(self._parts[part], self._by_ref[entry.ref]))

    def _content(self, raw: _Raw) -> AsyncIterator[bytes]:
        if raw.zipped is None:
            return self._streams[raw.part].content()
        return zip_parts.content_of(self._parts[raw.part], raw.zipped)


def _path(path: str) -> tuple[str, ...]:
    names = tuple(path.split("/"))
    names = names[1:] if names[0] in ("", ".") and len(names) > 1 and path.startswith("./") else names
    return names[1:] if names[0] == TOP else names


def _refused(path: tuple[str, ...]) -> Why:
    """What would leave its place has no place."""
    if any(name in ("", ".", "..") or "\\" in name for name in path):
        return "name"
    return "deep" if len(path) > MAX_DEPTH else ""
