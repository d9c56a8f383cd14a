"""Reads both forms (RFC 9292, sections 3.1 and 3.2). Every byte is hostile."""

import re

from synfonium.libraries.binary_http.words import (
    KNOWN_REQUEST,
    KNOWN_RESPONSE,
    REQUEST,
    RESPONSE,
    Fields,
    Request,
    Response,
)

MOST_FIELDS = 200
MOST_CHUNKS = 10_000
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+\Z")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}\Z")
_PATH = re.compile(r"[/*][!-~]*\Z")


class Malformed(ValueError):
    """Not a binary HTTP message, or one beyond the limits."""


def decode_request(message: bytes) -> Request:
    """Raises Malformed."""
    source = _Source(message)
    framing = source.varint()
    if framing not in (KNOWN_REQUEST, REQUEST):
        raise Malformed("no request")
    method, scheme, authority, path = (source.text() for _ in range(4))
    if not _METHOD.match(method) or not _PATH.match(path):
        raise Malformed("method or path")
    headers, body = _rest(source, is_known=framing == KNOWN_REQUEST)
    return Request(method=method, scheme=scheme, authority=authority, path=path, headers=headers, body=body)


def decode_response(message: bytes) -> Response:
    """Raises Malformed. Informational responses are left out."""
    source = _Source(message)
    framing = source.varint()
    if framing not in (KNOWN_RESPONSE, RESPONSE):
        raise Malformed("no response")
    is_known = framing == KNOWN_RESPONSE
    for _ in range(MOST_FIELDS):
        status = source.varint()
        if not 100 <= status <= 599:
            raise Malformed("status")
        if status >= 200:
            headers, body = _rest(source, is_known=is_known)
            return Response(status=status, headers=headers, body=body)
        source.fields(is_known=is_known)
    raise Malformed("too many informational responses")


def _rest(source: "_Source", *, is_known: bool) -> tuple[Fields, bytes]:
    """Headers and content. What is empty at the end may be missing (section 3.8); zeros may follow."""
    headers = source.fields(is_known=is_known)
    body = source.content(is_known=is_known)
    source.fields(is_known=is_known)
    source.padding()
    return headers, body


class _Source:
    """Bytes that are read from the front."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def _is_over(self) -> bool:
        return self._at >= len(self._content)

    def varint(self) -> int:
        """RFC 9000, section 16."""
        if self._is_over():
            raise Malformed("cut off")
        length = 1 << (self._content[self._at] >> 6)
        number = int.from_bytes(self._bytes(length), "big")
        return number & ((1 << (8 * length - 2)) - 1)

    def _bytes(self, length: int) -> bytes:
        if length > len(self._content) - self._at:
            raise Malformed("cut off")
        self._at += length
        return self._content[self._at - length : self._at]

    def piece(self) -> bytes:
        return self._bytes(self.varint())

    def text(self) -> str:
        try:
            return self.piece().decode("ascii")
        except UnicodeDecodeError:
            raise Malformed("not ASCII") from None

    def fields(self, *, is_known: bool) -> Fields:
        """A field section; names that are not in small letters are malformed (RFC 9113, 8.2.1)."""
        if self._is_over():
            return ()
        inner = _Source(self.piece()) if is_known else self
        found = list[tuple[bytes, bytes]]()
        while not (is_known and inner._is_over()):
            name = inner.piece()
            if not name and not is_known:
                return tuple(found)
            found.append((name, inner.piece()))
            _check(*found[-1])
            if len(found) > MOST_FIELDS:
                raise Malformed("too many fields")
        return tuple(found)

    def content(self, *, is_known: bool) -> bytes:
        if self._is_over():
            return b""
        if is_known:
            return self.piece()
        chunks = list[bytes]()
        while chunk := self.piece():
            chunks.append(chunk)
            if len(chunks) > MOST_CHUNKS:
                raise Malformed("too many chunks")
        return b"".join(chunks)

    def padding(self) -> None:
        if self._content[self._at :].strip(b"\0"):
            raise Malformed("more than zeros at the end")


def _check(name: bytes, value: bytes) -> None:
    if not _TOKEN.match(name) or any(one in value for one in (b"\0", b"\r", b"\n")):
        raise Malformed("field")
