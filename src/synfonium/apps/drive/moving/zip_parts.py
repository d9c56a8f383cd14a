"""A ZIP archive that lies in the drive, read by ranges and as if by an enemy."""

import stat
import struct
import zlib
from calendar import timegm
from collections.abc import AsyncIterator

import msgspec

from synfonium.apps.drive.moving.parts import ArchivePart
from synfonium.apps.drive.moving.port import NotTaken, SourceRefused, Why
from synfonium.libraries.safezip import layout

MOST_ENTRIES = 500_000
MOST_DIRECTORY_BYTES = 128 * 1024 * 1024
MOST_RATIO, RATIO_FROM_BYTES = 250, 8 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
_LONGEST_COMMENT = 65_535
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_TIMES = 0x5455


class ZipEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file or folder. start: of its local header. why: it is not read, for this reason."""

    path: str
    is_file: bool
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    start: int
    modified_s: float | None
    why: Why = ""


async def entries_of(part: ArchivePart) -> list[ZipEntry]:
    """What its directory tells. Raises SourceRefused for what is no ZIP archive, or a damaged one."""
    count, size_bytes, start = await _end(part)
    if count > MOST_ENTRIES or size_bytes > MOST_DIRECTORY_BYTES:
        raise SourceRefused("many")
    if start + size_bytes > part.size_bytes or size_bytes < count * layout.CENTRAL_HEAD.size:
        raise SourceRefused("archive")
    directory = await part.span(start, size_bytes)
    found, at = list[ZipEntry](), 0
    try:
        while at < len(directory) and len(found) < count:
            entry, at = _entry(directory, at)
            found.append(entry)
    except (struct.error, ValueError):
        raise SourceRefused("archive") from None
    return _apart(found, start)


def _apart(entries: list[ZipEntry], directory_start: int) -> list[ZipEntry]:
    """Those that share bytes with another, as in the smallest of bombs, are not read."""
    checked, stop = list[ZipEntry](), 0
    for entry in sorted(entries, key=lambda one: one.start):
        end = entry.start + layout.LOCAL_HEAD.size + entry.packed_bytes
        if entry.start < stop or end > directory_start:
            entry = msgspec.structs.replace(entry, why=entry.why or "bomb")
        else:
            stop = end
        checked.append(entry)
    return checked


async def _end(part: ArchivePart) -> tuple[int, int, int]:
    """How many entries; size and start of the directory (APPNOTE 4.3.16, 4.3.14)."""
    tail_bytes = min(part.size_bytes, _LONGEST_COMMENT + layout.END_HEAD.size)
    tail_start = part.size_bytes - tail_bytes
    tail = await part.span(tail_start, tail_bytes)
    at = tail.rfind(layout.END)
    if at < 0 or len(tail) - at < layout.END_HEAD.size:
        raise SourceRefused("archive")
    _, disk, first, here, count, size_bytes, start, _comment = layout.END_HEAD.unpack_from(tail, at)
    if count == layout.BIG16 or layout.BIG32 in (size_bytes, start):
        return await _end64(part, tail_start + at)
    if disk or first or here != count:
        raise SourceRefused("archive")
    return count, size_bytes, start


async def _end64(part: ArchivePart, end_start: int) -> tuple[int, int, int]:
    locator = await part.span(end_start - layout.LOCATOR_HEAD.size, layout.LOCATOR_HEAD.size)
    mark, _disk, at, _disks = layout.LOCATOR_HEAD.unpack(locator)
    if mark != layout.LOCATOR64:
        raise SourceRefused("archive")
    head = layout.END64_HEAD.unpack(await part.span(at, layout.END64_HEAD.size))
    if head[0] != layout.END64:
        raise SourceRefused("archive")
    count, size_bytes, start = head[7:10]
    return count, size_bytes, start


def _entry(directory: bytes, at: int) -> tuple[ZipEntry, int]:
    head = layout.CENTRAL_HEAD.unpack_from(directory, at)
    mark, made_by, _needs, flags, method, time, date, crc, packed, size, name_bytes, extra_bytes = head[:12]
    comment_bytes, mode, start = head[12], head[15] >> 16, head[16]
    after = at + layout.CENTRAL_HEAD.size
    end = after + name_bytes + extra_bytes + comment_bytes
    if mark != layout.CENTRAL or end > len(directory):
        raise ValueError
    name = directory[after : after + name_bytes]
    extra = directory[after + name_bytes : after + name_bytes + extra_bytes]
    size, packed, start = _sizes(extra, size, packed, start)
    # Names without the flag are CP 437 by the standard, and UTF-8 in what people have.
    path = _name(name, is_utf8=bool(flags & layout.UTF8_FLAG))
    kind = stat.S_IFMT(mode) if made_by >> 8 == 3 else 0
    entry = ZipEntry(
        path=path.rstrip("/"),
        is_file=not path.endswith("/"),
        method=method,
        crc=crc,
        packed_bytes=packed,
        size_bytes=size,
        start=start,
        modified_s=_time_s(extra, time, date),
        why=_why(flags, method, kind, packed, size),
    )
    return entry, end


def _name(name: bytes, *, is_utf8: bool) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8" if is_utf8 else "cp437", "surrogateescape")


def _why(flags: int, method: int, kind: int, packed: int, size: int) -> Why:
    if kind == stat.S_IFLNK:
        return "link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "kind"
    if flags & _ENCRYPTED:
        return "encrypted"
    if method not in (layout.STORED, layout.DEFLATED):
        return "packed"
    is_bomb = size > RATIO_FROM_BYTES and size > MOST_RATIO * max(packed, 1)
    return "bomb" if is_bomb or (method == layout.STORED and size != packed) else ""


def _sizes(extra: bytes, size: int, packed: int, start: int) -> tuple[int, int, int]:
    """The three numbers, from the ZIP64 field where they do not fit (APPNOTE 4.5.3)."""
    values = [size, packed, start]
    field = _field(extra, layout.EXTRA64)
    if layout.BIG32 in values:
        numbers = iter(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
        values = [next(numbers) if value == layout.BIG32 else value for value in values]
    if max(values) >= 1 << 62:
        raise ValueError
    size, packed, start = values
    return size, packed, start


def _field(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def _time_s(extra: bytes, time: int, date: int) -> float | None:
    field = _field(extra, _TIMES)
    if len(field) >= 5 and field[0] & 1:
        return float(struct.unpack_from("<l", field, 1)[0])
    parts = ((date >> 9) + 1980, date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2)
    if not (1 <= parts[1] <= 12 and 1 <= parts[2] <= 31) or parts[:3] == (1980, 1, 1):
        return None
    return float(timegm((*parts, 0, 0, 0)))


async def content_of(part: ArchivePart, entry: ZipEntry) -> AsyncIterator[bytes]:
    """The bytes of a file; whole and unharmed only when it ends. Raises NotTaken."""
    head = await part.span(entry.start, layout.LOCAL_HEAD.size)
    if len(head) != layout.LOCAL_HEAD.size or not head.startswith(layout.LOCAL):
        raise NotTaken("damaged")
    name_bytes, extra_bytes = layout.LOCAL_HEAD.unpack(head)[9:11]
    start = entry.start + layout.LOCAL_HEAD.size + name_bytes + extra_bytes
    packed = part.pieces(start, start + entry.packed_bytes)
    crc = count = 0
    async for piece in packed if entry.method == layout.STORED else inflated(packed, -15):
        crc, count = zlib.crc32(piece, crc), count + len(piece)
        if count > entry.size_bytes:
            raise NotTaken("damaged")
        yield piece
    if count != entry.size_bytes or crc != entry.crc:
        raise NotTaken("damaged")


async def inflated(packed: AsyncIterator[bytes], window: int) -> AsyncIterator[bytes]:
    """In pieces of at most 1 MiB, however much there is. window: as of zlib.decompressobj; gzip may have
    several members. Raises NotTaken."""
    inflate = zlib.decompressobj(window)
    try:
        async for data in packed:
            while data:
                if inflate.eof:
                    if window < 0:
                        raise NotTaken("damaged")
                    inflate = zlib.decompressobj(window)
                if plain := inflate.decompress(data, PIECE_BYTES):
                    yield plain
                data = inflate.unconsumed_tail or inflate.unused_data
                if not data and not plain:
                    break
        while not inflate.eof and (plain := inflate.decompress(inflate.unconsumed_tail, PIECE_BYTES)):
            yield plain
    except zlib.error:
        raise NotTaken("damaged") from None
    if not inflate.eof:
        raise NotTaken("damaged")
