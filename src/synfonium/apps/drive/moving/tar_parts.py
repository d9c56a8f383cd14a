"""A tar archive, plain or in gzip, that is read once from its beginning to its end; as if by an enemy."""

from collections.abc import AsyncGenerator, AsyncIterator

import msgspec

from synfonium.apps.drive.moving.parts import ArchivePart
from synfonium.apps.drive.moving.port import NotTaken, SourceRefused, Why
from synfonium.apps.drive.moving.zip_parts import inflated

BLOCK = 512
MOST_HEADER_BYTES = 128 * 1024
MOST_ENTRIES = 5_000_000
MOST_RATIO, RATIO_FROM_BYTES = 250, 1 << 30
_FOLDER, _FILES, _LONG_NAME, _PAX, _PAX_ALL = b"5", (b"0", b"\0", b"7"), b"L", b"x", b"g"
_LINKS = (b"1", b"2")


class TarEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file or folder."""

    path: str
    is_file: bool
    size_bytes: int
    modified_s: float | None
    why: Why = ""


class TarStream:
    """`entries` gives one after the other; `content` is of the one that it stands at."""

    def __init__(self, part: ArchivePart) -> None:
        self._most_bytes = max(RATIO_FROM_BYTES, MOST_RATIO * part.size_bytes)
        self._part, self._count = part, 0
        self._waiting, self._left, self._padding = bytearray(), 0, 0
        self._pieces: AsyncIterator[bytes] | None = None

    async def entries(self) -> AsyncGenerator[TarEntry, None]:
        """Raises SourceRefused for what is no tar archive."""
        more: dict[str, str] = {}
        for _ in range(MOST_ENTRIES):
            await self._rest()
            head = await self._take(BLOCK)
            if not head.strip(b"\0"):
                return
            kind, size_bytes, entry = _read_head(head)
            if kind in (_LONG_NAME, _PAX, _PAX_ALL):
                if size_bytes > MOST_HEADER_BYTES:
                    raise SourceRefused("archive")
                body = await self._take(size_bytes + -size_bytes % BLOCK)
                if kind == _LONG_NAME:
                    more["path"] = body[:size_bytes].rstrip(b"\0").decode("utf-8", "surrogateescape")
                elif kind == _PAX:
                    more |= _pax(body[:size_bytes])
                continue
            entry = _with(entry, more)
            more = {}
            has_content = kind in _FILES
            self._left = entry.size_bytes if has_content else 0
            self._padding = -self._left % BLOCK
            yield entry
        raise SourceRefused("many")

    async def content(self) -> AsyncIterator[bytes]:
        """Raises NotTaken when the archive ends within it."""
        while self._left:
            piece = await self._some(self._left)
            if not piece:
                raise NotTaken("damaged")
            self._left -= len(piece)
            yield piece

    async def _rest(self) -> None:
        """Passes over what was not read of the last one."""
        left, self._left, self._padding = self._left + self._padding, 0, 0
        while left:
            piece = await self._some(left)
            if not piece:
                raise SourceRefused("archive")
            left -= len(piece)

    async def _take(self, count: int) -> bytes:
        taken = bytearray()
        while len(taken) < count:
            piece = await self._some(count - len(taken))
            if not piece:
                raise SourceRefused("archive")
            taken += piece
        return bytes(taken)

    async def _some(self, most: int) -> bytes:
        """Up to so many of the next bytes; none at the end."""
        if not self._waiting:
            self._pieces = self._pieces or await self._begin()
            try:
                self._waiting += await anext(self._pieces, b"")
            except NotTaken as reason:
                raise SourceRefused("archive") from reason
            self._count += len(self._waiting)
            if self._count > self._most_bytes:
                raise SourceRefused("bomb")
        piece = bytes(memoryview(self._waiting)[:most])
        del self._waiting[:most]
        return piece

    async def _begin(self) -> AsyncIterator[bytes]:
        is_packed = (await self._part.span(0, 2)) == b"\x1f\x8b"
        # More than a frame at once, so that it is read in one go.
        raw = self._part.pieces(0, max(self._part.size_bytes, 1))
        return inflated(raw, 31) if is_packed else raw


def _read_head(head: bytes) -> tuple[bytes, int, TarEntry]:
    """Kind, size of what follows, and the entry (POSIX.1-1988 and GNU). Raises SourceRefused."""
    total = sum(head[:148]) + 8 * 32 + sum(head[156:])
    kind, is_posix = head[156:157], head[257:262] == b"ustar"
    name, prefix = _text(head[:100]), _text(head[345:500]) if is_posix and head[257:263] == b"ustar\0" else ""
    try:
        if total != int(_text(head[148:156]).strip() or "-1", 8):
            raise SourceRefused("archive")
        size_bytes, modified_s = _number(head[124:136]), float(_number(head[136:148]))
    except ValueError:
        raise SourceRefused("archive") from None
    path = f"{prefix}/{name}" if prefix else name
    is_folder = kind == _FOLDER or (kind in _FILES and path.endswith("/"))
    why: Why = "link" if kind in _LINKS else "" if kind in (*_FILES, _FOLDER) else "kind"
    entry = TarEntry(
        path=path.rstrip("/"), is_file=not is_folder, size_bytes=size_bytes, modified_s=modified_s, why=why
    )
    return kind, size_bytes, entry


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal, or GNU's 256 for what is too large for it. Raises ValueError."""
    is_large = field[0] & 0x80
    value = int.from_bytes(field[1:], "big") if is_large else int(_text(field).strip() or "0", 8)
    if not 0 <= value < 1 << 62:
        raise ValueError
    return value


def _pax(body: bytes) -> dict[str, str]:
    """`length key=value` records. Raises SourceRefused."""
    found, at = dict[str, str](), 0
    while at < len(body):
        length, _, _rest = body[at : at + 20].partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(body) - at:
            raise SourceRefused("archive")
        record = body[at + len(length) + 1 : at + int(length) - 1]
        key, _, value = record.partition(b"=")
        if key in (b"path", b"size", b"mtime"):
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        at += int(length)
    return found


def _with(entry: TarEntry, more: dict[str, str]) -> TarEntry:
    """Raises SourceRefused."""
    try:
        size_bytes = int(more.get("size", entry.size_bytes))
        modified_s = float(more.get("mtime", entry.modified_s or 0.0))
    except ValueError:
        raise SourceRefused("archive") from None
    if not 0 <= size_bytes < 1 << 62 or not abs(modified_s) < 1e11:
        raise SourceRefused("archive")
    path = more.get("path", entry.path).rstrip("/")
    return msgspec.structs.replace(entry, path=path, size_bytes=size_bytes, modified_s=modified_s)
