"""What a GET or HEAD of bytes is answered with: preconditions and ranges (RFC 9110, sections 13 and 14)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from synfonium.libraries.webdav.headers import (
    BadHeader,
    ByteRange,
    etag_equals,
    http_date,
    read_etags,
    read_http_date,
    read_range,
)

Headers = list[tuple[bytes, bytes]]


class Answer(msgspec.Struct, frozen=True):
    """Status and headers; `body` says which bytes follow, None for none."""

    status: Literal[200, 206, 304, 412, 416]
    headers: Headers
    body: ByteRange | None


def answer_get(asked: Mapping[str, str], *, etag: str, modified_s: float, size_bytes: int) -> Answer:
    """asked: request headers, lower case. etag: with its quotes. Raises BadHeader."""
    known: Headers = [
        (b"etag", etag.encode()),
        (b"last-modified", http_date(modified_s).encode()),
        (b"accept-ranges", b"bytes"),
    ]
    if _is_refused(asked, etag, modified_s):
        return Answer(412, known, None)
    if _is_unchanged(asked, etag, modified_s):
        return Answer(304, known, None)
    try:
        wanted = _range(asked, etag, modified_s, size_bytes)
    except BadHeader:
        return Answer(416, [*known, (b"content-range", b"bytes */%d" % size_bytes)], None)
    if wanted is None:
        length = (b"content-length", b"%d" % size_bytes)
        return Answer(200, [*known, length], ByteRange(0, size_bytes))
    place = b"bytes %d-%d/%d" % (wanted.start, wanted.stop - 1, size_bytes)
    length = (b"content-length", b"%d" % (wanted.stop - wanted.start))
    return Answer(206, [*known, length, (b"content-range", place)], wanted)


def _is_refused(asked: Mapping[str, str], etag: str, modified_s: float) -> bool:
    if "if-match" in asked:
        wanted = read_etags(asked["if-match"], "If-Match")
        return not any(tag == "*" or etag_equals(tag, etag) for tag in wanted)
    date_s = read_http_date(asked.get("if-unmodified-since", ""))
    return date_s is not None and int(modified_s) > date_s


def _is_unchanged(asked: Mapping[str, str], etag: str, modified_s: float) -> bool:
    if "if-none-match" in asked:
        known = read_etags(asked["if-none-match"], "If-None-Match")
        return any(tag == "*" or tag.removeprefix("W/") == etag for tag in known)
    date_s = read_http_date(asked.get("if-modified-since", ""))
    return date_s is not None and int(modified_s) <= date_s


def _range(asked: Mapping[str, str], etag: str, modified_s: float, size_bytes: int) -> ByteRange | None:
    if "range" not in asked:
        return None
    condition = asked.get("if-range", "").strip()
    is_same = (
        etag_equals(condition, etag)
        if condition.startswith(('"', "W/"))
        else read_http_date(condition) == int(modified_s)
    )
    return read_range(asked["range"], size_bytes) if not condition or is_same else None
