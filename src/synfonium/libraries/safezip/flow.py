"""A ZIP64 archive as a stream of bytes: no file beside, and little memory however many entries.

Entries are stored, with their CRC-32 after them (a data descriptor, APPNOTE 4.3.9). What the central
directory will say of each is kept compressed; a record takes some thirty bytes so.
"""

import struct
import zlib
from collections.abc import AsyncIterator

from synfonium.libraries.safezip import layout

DESCRIPTOR_FLAG = 0x0008
DESCRIPTOR = b"PK\7\x08"
FOLDER_0700 = (0o040700 << 16) | 0x10
TIMES = 0x5455
DIRECTORY_BYTES = 256 * 1024


class ZipFlow:
    """`file` and `folder` give the bytes of one entry, `finish` those of the end.

    Entries are always written with 64 bits, so that a size need not be known to be small."""

    def __init__(self) -> None:
        self._at = self._count = self._directory_bytes = 0
        self._packer = zlib.compressobj(6)
        self._packed: list[bytes] = []

    def folder(self, path: str, modified_s: float) -> bytes:
        """path: with a slash at its end."""
        start, name = self._at, path.encode()
        head = self._local(name, 0, 0, modified_s, flags=layout.UTF8_FLAG)
        self._remember(name, 0, 0, start, modified_s, FOLDER_0700, layout.UTF8_FLAG)
        return head

    async def file(
        self, path: str, size_bytes: int, modified_s: float, pieces: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """Raises ValueError when the pieces are not as many bytes as announced."""
        flags = layout.UTF8_FLAG | DESCRIPTOR_FLAG
        start, name, crc, count = self._at, path.encode(), 0, 0
        yield self._local(name, size_bytes, size_bytes, modified_s, flags=flags)
        async for piece in pieces:
            crc, count = zlib.crc32(piece, crc), count + len(piece)
            yield piece
        if count != size_bytes:
            raise ValueError("an entry has another size than announced")
        self._at += count
        self._remember(name, crc, size_bytes, start, modified_s, layout.REGULAR_0600, flags)
        yield self._put(struct.pack("<4sL2Q", DESCRIPTOR, crc, size_bytes, size_bytes))

    def finish(self) -> AsyncIterator[bytes]:
        """The central directory and the end."""
        return self._finish()

    async def _finish(self) -> AsyncIterator[bytes]:
        start, size_bytes = self._at, self._directory_bytes
        self._packed.append(self._packer.flush())
        unpacker = zlib.decompressobj()
        for packed in self._packed:
            rest = packed
            while rest:
                yield unpacker.decompress(rest, DIRECTORY_BYTES)
                rest = unpacker.unconsumed_tail
        yield unpacker.flush()
        counts = (self._count, self._count, size_bytes, start)
        end64 = layout.END64_HEAD.pack(
            layout.END64, 44, layout.VERSION64 | layout.MADE_BY_UNIX, layout.VERSION64, 0, 0, *counts
        )
        locator = layout.LOCATOR_HEAD.pack(layout.LOCATOR64, 0, start + size_bytes, 1)
        count = min(self._count, layout.BIG16)
        yield (
            end64
            + locator
            + layout.END_HEAD.pack(
                layout.END, 0, 0, count, count, min(size_bytes, layout.BIG32), min(start, layout.BIG32), 0
            )
        )

    def _put(self, data: bytes) -> bytes:
        self._at += len(data)
        return data

    def _local(self, name: bytes, size: int, packed: int, modified_s: float, *, flags: int) -> bytes:
        extra = struct.pack("<2H2Q", layout.EXTRA64, 16, size, packed) + _times(modified_s)
        head = layout.LOCAL_HEAD.pack(
            layout.LOCAL,
            layout.VERSION64,
            flags,
            layout.STORED,
            *layout.dos_time(modified_s),
            0,
            layout.BIG32,
            layout.BIG32,
            len(name),
            len(extra),
        )
        return self._put(head + name + extra)

    def _remember(
        self, name: bytes, crc: int, size: int, start: int, modified_s: float, attributes: int, flags: int
    ) -> None:
        extra = struct.pack("<2H3Q", layout.EXTRA64, 24, size, size, start) + _times(modified_s)
        head = layout.CENTRAL_HEAD.pack(
            layout.CENTRAL,
            layout.VERSION64 | layout.MADE_BY_UNIX,
            layout.VERSION64,
            flags,
            layout.STORED,
            *layout.dos_time(modified_s),
            crc,
            layout.BIG32,
            layout.BIG32,
            len(name),
            len(extra),
            0,
            0,
            0,
            attributes,
            layout.BIG32,
        )
        record = head + name + extra
        self._directory_bytes += len(record)
        self._count += 1
        if packed := self._packer.compress(record):
            self._packed.append(packed)


def _times(modified_s: float) -> bytes:
    """The time in seconds of UTC; ZIP's own has no zone and steps of two seconds."""
    return struct.pack("<2HBl", TIMES, 5, 1, int(min(max(modified_s, -(2**31)), 2**31 - 1)))
