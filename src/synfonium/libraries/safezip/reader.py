"""Reads a ZIP archive that an enemy may have made.

Everything is checked before the first byte of content is given out: no path leaves the
archive's place or stands twice, nothing but plain files, no two entries share bytes, both
headers of an entry say the same, and no entry is a bomb by what it says. What it says is
then held against what comes: a size or a CRC-32 that lies ends the reading.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from synfonium.libraries.safezip import layout
from synfonium.libraries.safezip.names import is_safe_path, path_key

__all__ = ["BadZip", "Entry", "Limits", "SafeZip"]

PIECE_BYTES = 1024 * 1024
_LONGEST_COMMENT = 65_535
_FLAGS_KNOWN = layout.UTF8_FLAG | 0x0008 | 0x0006
"""UTF-8 names, sizes after the data, and how hard was compressed; not encryption."""


class BadZip(Exception):
    """This is not an archive that we read; the message, an English gettext source, says why."""


class Limits(NamedTuple):
    """most_ratio: how many times larger than packed an entry above `ratio_from_bytes` may be."""

    most_entries: int = 1_000_000
    most_bytes: int = 1 << 62
    most_ratio: int = 250
    ratio_from_bytes: int = 8 * 1024 * 1024


class Entry(NamedTuple):
    """One file. start: of its local header."""

    path: str
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    start: int


class SafeZip:
    """An archive on the disk; `close` it. Raises BadZip, OSError."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            about = os.fstat(self._file)
            if not stat.S_ISREG(about.st_mode):
                raise BadZip("This is not a file.")
            self._size_bytes = about.st_size
            self.entries = self._read_directory()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> "SafeZip":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def read(self, path: str) -> Iterator[bytes]:
        """The content, in pieces; complete and unharmed only when it ends. KeyError, BadZip."""
        entry = self.entries[path]
        start = self._content_start(entry)
        pieces = self._raw(start, entry.packed_bytes)
        if entry.method == layout.DEFLATED:
            pieces = _inflated(pieces, entry.size_bytes)
        crc = size_bytes = 0
        for piece in pieces:
            size_bytes += len(piece)
            if size_bytes > entry.size_bytes:
                raise BadZip("A file in it is larger than it says.")
            crc = zlib.crc32(piece, crc)
            yield piece
        if size_bytes != entry.size_bytes:
            raise BadZip("A file in it is shorter than it says.")
        if crc != entry.crc:
            raise BadZip("A file in it is damaged.")

    def _raw(self, start: int, length: int) -> Iterator[bytes]:
        stop = start + length
        while start < stop:
            piece = os.pread(self._file, min(PIECE_BYTES, stop - start), start)
            if not piece:
                raise BadZip("It ends too early.")
            start += len(piece)
            yield piece

    def _bytes(self, start: int, length: int) -> bytes:
        if start < 0 or length < 0 or start + length > self._size_bytes:
            raise BadZip("It ends too early.")
        return b"".join(self._raw(start, length))

    # The directory

    def _read_directory(self) -> dict[str, Entry]:
        count, size_bytes, start = self._read_end()
        if count > self._limits.most_entries:
            raise BadZip("It holds too many files.")
        if start + size_bytes > self._size_bytes or size_bytes < count * layout.CENTRAL_HEAD.size:
            raise BadZip("Its list of files is damaged.")
        entries: dict[str, Entry] = {}
        keys: set[str] = set()
        at, stop = start, start + size_bytes
        while at < stop:
            entry, at = self._read_entry(at, stop)
            if entry is None:
                continue
            key = path_key(entry.path)
            if key in keys or len(entries) >= count:
                raise BadZip("Two files in it have one name.")
            keys.add(key)
            entries[entry.path] = entry
        self._check(list(entries.values()), start)
        return entries

    def _read_end(self) -> tuple[int, int, int]:
        """How many entries; size and start of the directory."""
        tail_bytes = min(self._size_bytes, _LONGEST_COMMENT + layout.END_HEAD.size)
        tail_start = self._size_bytes - tail_bytes
        tail = self._bytes(tail_start, tail_bytes)
        at = tail.rfind(layout.END)
        if at < 0 or len(tail) - at < layout.END_HEAD.size:
            raise BadZip("This is not a ZIP archive, or it ends too early.")
        _, disk, first_disk, here, count, size_bytes, start, comment = layout.END_HEAD.unpack_from(tail, at)
        if disk or first_disk or here != count or at + layout.END_HEAD.size + comment != len(tail):
            raise BadZip("Its end is damaged.")
        if count == layout.BIG16 or layout.BIG32 in (size_bytes, start):
            return self._read_end64(tail_start + at)
        return count, size_bytes, start

    def _read_end64(self, end_start: int) -> tuple[int, int, int]:
        size = layout.LOCATOR_HEAD.size
        mark, disk, at, disks = layout.LOCATOR_HEAD.unpack(self._bytes(end_start - size, size))
        if mark != layout.LOCATOR64 or disk or disks != 1:
            raise BadZip("Its end is damaged.")
        head = layout.END64_HEAD.unpack(self._bytes(at, layout.END64_HEAD.size))
        if head[0] != layout.END64 or head[4] or head[5] or head[6] != head[7]:
            raise BadZip("Its end is damaged.")
        count, size_bytes, start = head[7:10]
        return count, size_bytes, start

    def _read_entry(self, at: int, stop: int) -> tuple[Entry | None, int]:
        head = layout.CENTRAL_HEAD.unpack(self._bytes(at, layout.CENTRAL_HEAD.size))
        (mark, made_by, _needs, flags, method, _time, _date, crc, packed, size, name_bytes, extra_bytes) = (
            head[:12]
        )
        comment_bytes, disk, mode, start = head[12], head[13], head[15] >> 16, head[16]
        after = at + layout.CENTRAL_HEAD.size
        end = after + name_bytes + extra_bytes + comment_bytes
        if mark != layout.CENTRAL or disk or end > stop:
            raise BadZip("Its list of files is damaged.")
        if flags & ~_FLAGS_KNOWN or method not in (layout.STORED, layout.DEFLATED):
            raise BadZip("A file in it is packed in a way that is not read here.")
        named = self._bytes(after, name_bytes + extra_bytes)
        size, packed, start = _sizes(named[name_bytes:], size, packed, start)
        path = _path(named[:name_bytes])
        if path.endswith("/") and not size and is_safe_path(path[:-1]):
            return None, end
        is_other = made_by >> 8 == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG)
        if not is_safe_path(path) or is_other:
            raise BadZip("A file in it would not stay in its place.")
        return Entry(path, method, crc, packed, size, start), end

    def _check(self, entries: list[Entry], directory_start: int) -> None:
        limits, at = self._limits, 0
        if sum(entry.size_bytes for entry in entries) > limits.most_bytes:
            raise BadZip("What is in it is larger than the room that is left.")
        for entry in sorted(entries, key=lambda e: e.start):
            is_large = entry.size_bytes > limits.ratio_from_bytes
            if is_large and entry.size_bytes > limits.most_ratio * max(entry.packed_bytes, 1):
                raise BadZip("A file in it unpacks to far more than it should.")
            if entry.method == layout.STORED and entry.size_bytes != entry.packed_bytes:
                raise BadZip("A file in it is larger than it says.")
            if entry.start < at:
                raise BadZip("Files in it share the same bytes.")
            at = self._content_start(entry) + entry.packed_bytes
        if at > directory_start:
            raise BadZip("Files in it share the same bytes.")

    def _content_start(self, entry: Entry) -> int:
        head = layout.LOCAL_HEAD.unpack(self._bytes(entry.start, layout.LOCAL_HEAD.size))
        mark, _needs, flags, method = head[:4]
        crc, packed, size, name_bytes, extra_bytes = head[6:11]
        named = self._bytes(entry.start + layout.LOCAL_HEAD.size, name_bytes + extra_bytes)
        same = mark == layout.LOCAL and method == entry.method and _path(named[:name_bytes]) == entry.path
        if same and not flags & 0x0008:
            size, packed, _ = _sizes(named[name_bytes:], size, packed, 0)
            same = (crc, packed, size) == (entry.crc, entry.packed_bytes, entry.size_bytes)
        if not same:
            raise BadZip("It says two things of one file.")
        start: int = entry.start + layout.LOCAL_HEAD.size + name_bytes + extra_bytes
        return start


def _path(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise BadZip("A file in it would not stay in its place.") from None


def _sizes(extra: bytes, size: int, packed: int, start: int) -> tuple[int, int, int]:
    """The three numbers, taken from the ZIP64 field where they do not fit (4.5.3)."""
    values: list[int] = [size, packed, start]
    if layout.BIG32 not in values:
        return size, packed, start
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == layout.EXTRA64:
            numbers = iter(struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8]))
            values = [int(next(numbers, (-1,))[0]) if value == layout.BIG32 else value for value in values]
            break
        at += 4 + length
    if min(values) < 0 or max(values) >= 1 << 62:
        raise BadZip("Its list of files is damaged.")
    size, packed, start = values
    return size, packed, start


def _inflated(pieces: Iterator[bytes], most_bytes: int) -> Iterator[bytes]:
    """At most one piece more than `most_bytes`, however much there would be."""
    inflate = zlib.decompressobj(-15)
    given = 0
    try:
        for packed in pieces:
            waiting = packed
            while waiting and not inflate.eof:
                plain = inflate.decompress(waiting, PIECE_BYTES)
                waiting = inflate.unconsumed_tail
                given += len(plain)
                yield plain
                if given > most_bytes:
                    return
            if inflate.unused_data or (inflate.eof and waiting):
                raise BadZip("A file in it is damaged.")
        while not inflate.eof:
            plain = inflate.decompress(inflate.unconsumed_tail, PIECE_BYTES)
            if not plain:
                raise BadZip("It ends too early.")
            given += len(plain)
            yield plain
            if given > most_bytes:
                return
    except zlib.error:
        raise BadZip("A file in it is damaged.") from None
