"""An archive of a person that is being taken in: see kernel.personal.Coming.

Its list of files and every row is judged before anything is written; its content is judged
while it is read. What it says of ids, owners and sizes is never believed.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _
from synfonium.libraries.safezip import BadZip, Limits, SafeZip

__all__ = ["FORMAT", "MANIFEST", "VERSION", "BadArchive", "ComingPart", "Manifest", "Whose", "open_archive"]

MANIFEST = "synfonium.json"
FORMAT, VERSION = "synfonium-person", 1
LONGEST_LINE_BYTES = 16 * 1024 * 1024
_LARGEST_MANIFEST_BYTES = 1024 * 1024
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_TIME_CHARACTERS, _CHANCE_BYTES = 10, 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class BadArchive(Problem):
    """The archive cannot be taken in; nothing of it was kept."""

    status, code = 422, "bad_archive"
    title = _("This archive cannot be taken in.")
    remedy = "{reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class Whose(msgspec.Struct, frozen=True):
    """The person of an archive, as they were called where it was made."""

    id: str
    name: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`synfonium.json`. made_s: UTC seconds. origin: where it was made."""

    format: str
    version: int
    made_s: float
    origin: str
    person: Whose
    apps: tuple[str, ...]


def open_archive(path: Path, limits: Limits | None = None) -> tuple[SafeZip, Manifest]:
    """The archive and what it says it is. Raises BadArchive; blocks."""
    try:
        archive = SafeZip(path, limits)
    except BadZip as error:
        raise BadArchive(str(error)) from None
    except OSError:
        raise BadArchive(_("There is no such file, or it cannot be read.")) from None
    try:
        return archive, _manifest(archive)
    except BaseException:
        archive.close()
        raise


def _manifest(archive: SafeZip) -> Manifest:
    entry = archive.entries.get(MANIFEST)
    if entry is None or entry.size_bytes > _LARGEST_MANIFEST_BYTES:
        raise BadArchive(_("This is not an archive of a person's data."))
    try:
        raw = b"".join(archive.read(MANIFEST))
        said = msgspec.json.decode(raw, type=dict)
        if said.get("format") != FORMAT:
            raise BadArchive(_("This is not an archive of a person's data."))
        if said.get("version") != VERSION:
            raise BadArchive(_("A newer Synfonium made this archive: bring this one up to date first."))
        manifest = msgspec.convert(said, Manifest)
    except (msgspec.MsgspecError, RecursionError):
        raise BadArchive(_("Its description cannot be read.")) from None
    except BadZip as error:
        raise BadArchive(str(error)) from None
    if not _ID.fullmatch(manifest.person.id):
        raise BadArchive(_("Its description cannot be read."))
    return manifest


class ComingPart:
    """See kernel.personal.Coming. key: 32 secret bytes of this arrival, for new ids."""

    def __init__(self, archive: SafeZip, app: str, owner: str, key: bytes) -> None:
        self._archive, self._app, self._key = archive, app, key
        self.owner = owner
        self.notes: list[str] = []

    def new_id(self, old: str) -> str:
        """The time in the id stays, its chance is new: the order of ids is kept, and nobody
        can aim at an id that exists here. Raises BadArchive for what is no id."""
        if not _ID.fullmatch(old):
            raise BadArchive(_("A row in it is not of the kind it should be."))
        number = int.from_bytes(blake3(old.encode(), key=self._key).digest(_CHANCE_BYTES), "big")
        chance = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
        return old[:_TIME_CHARACTERS] + chance

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        path = f"apps/{self._app}/{name}.jsonl"
        if path not in self._archive.entries:
            return
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        try:
            for line in _lines(self._archive.read(path)):
                yield decode(line)
        except (msgspec.MsgspecError, RecursionError):
            raise BadArchive(_("A row in it is not of the kind it should be.")) from None
        except BadZip as error:
            raise BadArchive(str(error)) from None

    async def file(self, path: str) -> AsyncIterator[bytes]:
        self.size_bytes(path)
        pieces = self._archive.read(path)
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                yield piece
        except BadZip as error:
            raise BadArchive(str(error)) from None

    def size_bytes(self, path: str) -> int:
        entry = self._archive.entries.get(path)
        if entry is None or not path.startswith(f"apps/{self._app}/"):
            raise BadArchive(_("A file that it speaks of is not in it."))
        return entry.size_bytes

    def note(self, text: str) -> None:
        if len(self.notes) < 100:
            self.notes.append(text)


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    waiting = b""
    for piece in pieces:
        *whole, waiting = (waiting + piece).split(b"\n")
        yield from (line for line in whole if line)
        if len(waiting) > LONGEST_LINE_BYTES:
            raise BadArchive(_("A row in it is not of the kind it should be."))
    if waiting:
        yield waiting
