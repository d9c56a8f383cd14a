"""A WebDAV server as a source, Nextcloud's among them: one PROPFIND a folder, one GET a file."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_to_bytes, urlsplit

from synfonium.apps.drive.model.names import MAX_DEPTH
from synfonium.apps.drive.moving.port import Entry, NotTaken, Opened, Patience, SourceAway, SourceRefused
from synfonium.apps.drive.moving.wire import Wire, check_status
from synfonium.apps.drive.moving.xml import Piece, PieceReader

MOST_IN_FOLDER = 500_000
MOST_LISTING_BYTES = 1 << 30
_DAV, _OC = "DAV:", "http://owncloud.org/ns"
_RESPONSE = frozenset({f"{_DAV} response"})
_CHECKSUM = re.compile(r"(sha1|sha256|md5|adler32):([0-9a-f]{8,64})", re.IGNORECASE)
_DIGEST_BYTES = {"sha1": 20, "sha256": 32, "md5": 16, "adler32": 4}
_ASK = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop>'
    b"<d:resourcetype/><d:getcontentlength/><d:getlastmodified/><d:getetag/>"
    b"<oc:checksums/><oc:favorite/></d:prop></d:propfind>"
)


class WebDavSource:
    """Everything below one collection. top: its raw path, with a slash at the end."""

    at_once = 8

    def __init__(self, wire: Wire, top: str, patience: Patience) -> None:
        self._wire, self._patience = wire, patience
        self._top = quoted(top if top.endswith("/") else f"{top}/")

    async def close(self) -> None:
        await self._wire.close()

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Depth first, so that no more than the siblings on one way down are remembered."""
        waiting: list[Iterator[Entry]] = [iter(await self._members((), self._top, is_top=True))]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
            elif entry.is_file or entry.why:
                yield entry
            elif len(entry.path) >= MAX_DEPTH:
                # Such as a link on the server that leads back to where it lies.
                yield _without(entry, "deep")
            else:
                yield entry
                try:
                    waiting.append(iter(await self._members(entry.path, entry.ref)))
                except NotTaken as reason:
                    yield _without(entry, reason.why)

    async def _members(self, path: tuple[str, ...], ref: str, *, is_top: bool = False) -> list[Entry]:
        return await self._patience.call(lambda: self._listed(path, ref, is_top=is_top))

    async def _listed(self, path: tuple[str, ...], ref: str, *, is_top: bool) -> list[Entry]:
        found: dict[str, Entry] = {}
        reader, count = PieceReader(_RESPONSE), 0
        headers = {"depth": "1", "content-type": "application/xml; charset=utf-8"}
        async with self._wire.send("PROPFIND", ref, headers, _ASK) as answer:
            check_status(answer, good=(207,), is_top=is_top)
            try:
                async for data in answer.pieces():
                    count += len(data)
                    self._add(found, path, ref, reader.feed(data))
                    if len(found) > MOST_IN_FOLDER or count > MOST_LISTING_BYTES:
                        raise NotTaken("many")
                self._add(found, path, ref, reader.feed(b"", is_last=True))
            except SourceRefused as refusal:
                # One folder that is told of wrongly is not the end of the others.
                raise refusal if is_top else NotTaken(refusal.why) from None
        return sorted(found.values(), key=lambda entry: (entry.is_file, entry.path))

    def _add(self, found: dict[str, Entry], path: tuple[str, ...], ref: str, pieces: list[Piece]) -> None:
        for piece in pieces:
            name = self._name(ref, piece.said(f"{_DAV} href"))
            if name is not None and name not in found:
                found[name] = self._entry(path, ref, name, piece)

    def _name(self, ref: str, href: str) -> str | None:
        """The name of a member; None for the folder itself, and for whatever lies elsewhere: other
        hosts, other folders, deeper down."""
        try:
            parts = urlsplit(href)
        except ValueError:
            return None
        if (parts.netloc or "://" in href) and not self._wire.origin.holds(href):
            return None
        raw = unquote_to_bytes(parts.path)
        folder = unquote_to_bytes(ref)
        name = raw.removeprefix(folder).removesuffix(b"/")
        if not raw.startswith(folder) or not name or b"/" in name or name in (b".", b".."):
            return None
        return name.decode("utf-8", "surrogateescape")

    def _entry(self, path: tuple[str, ...], ref: str, name: str, piece: Piece) -> Entry:
        said = _properties(piece)
        kind = said.get(f"{_DAV} resourcetype")
        is_file = kind is None or kind.one(f"{_DAV} collection") is None
        size = _text(said, f"{_DAV} getcontentlength")
        etag = _text(said, f"{_DAV} getetag")
        time_s = _time_s(_text(said, f"{_DAV} getlastmodified"))
        raw = name.encode("utf-8", "surrogateescape")
        return Entry(
            path=(*path, name),
            is_file=is_file,
            size_bytes=int(size[:18]) if is_file and size.isascii() and size.isdigit() else None,
            modified_s=time_s,
            ref=ref + quote(raw, safe="") + ("" if is_file else "/"),
            mark=f"{etag[:150]} {size[:20]} {time_s}",
            etag=strong(etag),
            checksums=_checksums(said.get(f"{_OC} checksums")) if is_file else {},
            is_favorite=_text(said, f"{_OC} favorite") == "1",
        )

    async def open(self, entry: Entry, start: int = 0) -> Opened:
        """The bytes from `start` on; asked for as a range, and only of the content that was listed."""
        pieces = self._pieces(entry, start)
        return Opened(pieces)

    async def _pieces(self, entry: Entry, start: int) -> AsyncIterator[bytes]:
        headers = from_byte(entry, start)
        async with self._wire.send("GET", entry.ref, headers) as answer:
            check_status(answer, good=(200, 206) if start else (200,))
            skip = left_out(answer.headers.get("content-range", ""), answer.status, start)
            async for piece in answer.pieces():
                yield piece[skip:]
                skip = max(0, skip - len(piece))


def left_out(content_range: str, status: int, start: int) -> int:
    """How many bytes of an answer stand before `start`: a server may not know ranges. Raises SourceAway
    for another range than was asked for."""
    if status == 200:
        return start
    if not content_range.startswith(f"bytes {start}-"):
        raise SourceAway("broken")
    return 0


_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')


def strong(etag: str) -> str:
    """The etag if it is one that tells each byte (RFC 9110, 8.8.3); else empty."""
    return etag if _STRONG.fullmatch(etag) else ""


def from_byte(entry: Entry, start: int) -> dict[str, str]:
    """What asks for the bytes from `start` on, of the content that was listed or of none."""
    if not start:
        return {}
    held = {"if-match": entry.etag} if entry.etag else {}
    return {"range": f"bytes={start}-", **held}


def quoted(path: str) -> str:
    """A path as it may stand in a request, whether it was quoted before or not."""
    return quote(unquote_to_bytes(path), safe="/")


def _without(entry: Entry, why: object) -> Entry:
    return Entry(path=entry.path, is_file=entry.is_file, ref=entry.ref, why=why)  # type: ignore[arg-type]


def _properties(response: Piece) -> dict[str, Piece]:
    """Those that the server has."""
    found: dict[str, Piece] = {}
    for propstat in response.all(f"{_DAV} propstat"):
        if " 200" in (propstat.said(f"{_DAV} status") or " 200"):
            for prop in propstat.all(f"{_DAV} prop"):
                found |= {piece.tag: piece for piece in prop.children}
    return found


def _text(said: dict[str, Piece], tag: str) -> str:
    piece = said.get(tag)
    return piece.text.strip() if piece else ""


def _time_s(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, OverflowError):
        return None


def _checksums(piece: Piece | None) -> dict[str, bytes]:
    """ownCloud's `SHA1:… MD5:… ADLER32:…`; the strongest of them."""
    text = " ".join(child.text for child in piece.children) if piece else ""
    found = {
        kind.lower(): bytes.fromhex(digest) for kind, digest in _CHECKSUM.findall(text) if not len(digest) % 2
    }
    for kind in ("sha256", "sha1", "md5", "adler32"):
        if len(found.get(kind, b"")) == _DIGEST_BYTES[kind]:
            return {kind: found[kind]}
    return {}
