"""Writes a ZIP64 archive to a seekable file, entry after entry, in constant memory.

What is remembered of each entry, its record in the central directory, waits in a temporary
file beside. Blocks; one thread at a time.
"""

import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from synfonium.libraries.safezip import layout

COPY_BYTES = 1024 * 1024


class Spool:
    """Bytes that are compressed while their size is not known yet; in a temporary file."""

    def __init__(self, folder: Path) -> None:
        self.file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder))  # noqa: SIM115
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.crc, self.size_bytes = 0, 0

    def write(self, data: bytes) -> None:
        self.crc = zlib.crc32(data, self.crc)
        self.size_bytes += len(data)
        self.file.write(self._deflate.compress(data))

    def end(self) -> int:
        """Finishes; the compressed size."""
        self.file.write(self._deflate.flush())
        size_bytes = self.file.tell()
        self.file.seek(0)
        return size_bytes

    def close(self) -> None:
        self.file.close()


class ZipStream:
    """`begin`, `write` …, `end` for a stored entry; `add` for a compressed one; `finish`.

    file: empty, writable, seekable and unbuffered. Raises ValueError for an entry that does
    not have the size announced, and OSError.
    """

    def __init__(self, file: FileIO, spool_folder: Path) -> None:
        self._file = file
        self._directory = cast(BinaryIO, tempfile.TemporaryFile(dir=spool_folder))  # noqa: SIM115
        self._at, self.count = 0, 0
        self._open: tuple[bytes, int, int, float] | None = None
        self._crc, self._written = 0, 0

    @property
    def size_bytes(self) -> int:
        return self._at

    def begin(self, path: str, size_bytes: int, modified_s: float = 0.0) -> None:
        name = path.encode()
        self._open = (name, self._at, size_bytes, modified_s)
        self._crc = self._written = 0
        self._put(_local(name, layout.STORED, 0, size_bytes, size_bytes, modified_s))

    def write(self, piece: bytes | memoryview) -> None:
        self._crc = zlib.crc32(piece, self._crc)
        self._written += len(piece)
        self._put(piece)

    def end(self) -> None:
        assert self._open is not None
        name, start, size_bytes, modified_s = self._open
        if self._written != size_bytes:
            raise ValueError("an entry has another size than announced")
        os.pwrite(self._file.fileno(), struct.pack("<L", self._crc), start + layout.CRC_OFFSET)
        self._remember(name, layout.STORED, self._crc, size_bytes, size_bytes, start, modified_s)
        self._open = None

    def add(self, path: str, spool: Spool, modified_s: float = 0.0) -> None:
        """Adds what the spool has gathered, compressed."""
        name, start, packed = path.encode(), self._at, spool.end()
        self._put(_local(name, layout.DEFLATED, spool.crc, packed, spool.size_bytes, modified_s))
        while piece := spool.file.read(COPY_BYTES):
            self._put(piece)
        self._remember(name, layout.DEFLATED, spool.crc, packed, spool.size_bytes, start, modified_s)

    def finish(self) -> None:
        """Writes the central directory; the file is complete, and not yet synced."""
        start, size_bytes = self._at, self._directory.tell()
        self._directory.seek(0)
        while piece := self._directory.read(COPY_BYTES):
            self._put(piece)
        self._directory.close()
        counts = (self.count, self.count, size_bytes, start)
        end64 = layout.END64_HEAD.pack(
            layout.END64, 44, layout.VERSION64 | layout.MADE_BY_UNIX, layout.VERSION64, 0, 0, *counts
        )
        locator = layout.LOCATOR_HEAD.pack(layout.LOCATOR64, 0, self._at, 1)
        count = min(self.count, layout.BIG16)
        end = layout.END_HEAD.pack(
            layout.END, 0, 0, count, count, min(size_bytes, layout.BIG32), min(start, layout.BIG32), 0
        )
        self._put(end64 + locator + end)

    def close(self) -> None:
        self._directory.close()

    def _put(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._at += len(data)

    def _remember(
        self, name: bytes, method: int, crc: int, packed: int, size: int, start: int, modified_s: float
    ) -> None:
        extra = b""
        big = [value for value in (size, packed, start) if value >= layout.BIG32]
        if big:
            extra = struct.pack(f"<2H{len(big)}Q", layout.EXTRA64, 8 * len(big), *big)
        head = layout.CENTRAL_HEAD.pack(
            layout.CENTRAL,
            layout.VERSION64 | layout.MADE_BY_UNIX,
            layout.VERSION64 if big else layout.VERSION,
            layout.UTF8_FLAG,
            method,
            *layout.dos_time(modified_s or time.time()),
            crc,
            min(packed, layout.BIG32),
            min(size, layout.BIG32),
            len(name),
            len(extra),
            0,
            0,
            0,
            layout.REGULAR_0600,
            min(start, layout.BIG32),
        )
        self._directory.write(head + name + extra)
        self.count += 1


def _local(name: bytes, method: int, crc: int, packed: int, size: int, modified_s: float) -> bytes:
    is_big = max(packed, size) >= layout.BIG32
    extra = struct.pack("<2H2Q", layout.EXTRA64, 16, size, packed) if is_big else b""
    said: Callable[[int], int] = lambda value: layout.BIG32 if is_big else value  # noqa: E731
    head = layout.LOCAL_HEAD.pack(
        layout.LOCAL,
        layout.VERSION64 if is_big else layout.VERSION,
        layout.UTF8_FLAG,
        method,
        *layout.dos_time(modified_s or time.time()),
        crc,
        said(packed),
        said(size),
        len(name),
        len(extra),
    )
    return head + name + extra
