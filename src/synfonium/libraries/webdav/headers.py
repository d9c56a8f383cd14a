"""Request headers of WebDAV and HTTP that carry structure."""

import re
from collections.abc import Callable
from email.utils import formatdate, mktime_tz, parsedate_tz
from typing import Literal, cast
from urllib.parse import urlsplit

import msgspec

Depth = Literal["0", "1", "infinity"]
_IF_TOKEN = re.compile(
    r"\s*(?:<(?P<uri>[^<>\s]{1,2000})>|\[(?P<etag>(?:W/)?\"[^\"]{0,200}\")\]|(?P<mark>[()])|(?P<not>Not)\b)",
    re.IGNORECASE,
)
_ETAG = re.compile(r'\s*((?:W/)?"[^"]{0,200}"|\*)\s*(?:,|$)')
MAX_CONDITIONS = 100


class BadHeader(ValueError):
    """A header does not follow its grammar; the message names it."""


class Condition(msgspec.Struct, frozen=True):
    """`[Not] <token>` or `[Not] [etag]` (RFC 4918, section 10.4.2)."""

    is_negated: bool
    token: str = ""
    etag: str = ""


class IfList(msgspec.Struct, frozen=True):
    """Conditions that must all hold for `resource` (None: the request's own)."""

    resource: str | None
    conditions: tuple[Condition, ...]


class ByteRange(msgspec.Struct, frozen=True):
    """Bytes [start, stop) of a representation."""

    start: int
    stop: int


def read_depth(value: str, default: Depth) -> Depth:
    """RFC 4918, section 10.2. Raises BadHeader."""
    text = value.strip().lower() or default
    if text not in ("0", "1", "infinity"):
        raise BadHeader("Depth")
    return cast(Depth, text)


def read_if(value: str) -> tuple[IfList, ...]:
    """The lists of an `If` header; any of them that holds is enough. Raises BadHeader."""
    lists: list[IfList] = []
    resource: str | None = None
    inside, negated, conditions, at, count = False, False, list[Condition](), 0, 0
    while at < len(value.rstrip()):
        match = _IF_TOKEN.match(value, at)
        count += 1
        if match is None or count > 4 * MAX_CONDITIONS:
            raise BadHeader("If")
        at = match.end()
        if match["mark"] == "(" and not inside:
            inside, conditions = True, []
        elif match["mark"] == ")" and inside and conditions and not negated:
            lists.append(IfList(resource, tuple(conditions)))
            inside = False
        elif match["not"] and inside and not negated:
            negated = True
        elif match["uri"] and not inside:
            resource = match["uri"]
        elif (match["uri"] or match["etag"]) and inside:
            conditions.append(Condition(negated, match["uri"] or "", match["etag"] or ""))
            negated = False
        else:
            raise BadHeader("If")
    if inside or not lists:
        raise BadHeader("If")
    return tuple(lists)


def if_holds(lists: tuple[IfList, ...], state: Callable[[str | None], tuple[str, frozenset[str]]]) -> bool:
    """Whether some list holds. `state` gives a resource's (etag with quotes or "", lock tokens)."""
    return any(all(_holds(c, *state(one.resource)) for c in one.conditions) for one in lists)


def _holds(condition: Condition, etag: str, tokens: frozenset[str]) -> bool:
    found = condition.token in tokens if condition.token else etag_equals(condition.etag, etag)
    return found is not condition.is_negated


def tokens_of(lists: tuple[IfList, ...]) -> frozenset[str]:
    """All lock tokens that the request submits, negated ones left out."""
    return frozenset(c.token for one in lists for c in one.conditions if c.token and not c.is_negated)


def etag_equals(one: str, other: str) -> bool:
    """Strong comparison (RFC 9110, section 8.8.3.2)."""
    return bool(one) and one == other and not one.startswith("W/")


def read_etags(value: str, header: str) -> tuple[str, ...]:
    """The entity tags of If-Match or If-None-Match, `*` included. Raises BadHeader."""
    found: list[str] = []
    at = 0
    while at < len(value):
        match = _ETAG.match(value, at)
        if match is None or len(found) >= MAX_CONDITIONS:
            raise BadHeader(header)
        found.append(match[1])
        at = match.end()
    if not found:
        raise BadHeader(header)
    return tuple(found)


def read_range(value: str, size_bytes: int) -> ByteRange | None:
    """The one range asked, or None to send all (RFC 9110, section 14.2).

    Several ranges and other units are ignored, as the RFC allows. Raises BadHeader when
    the range lies wholly outside, to be answered with 416.
    """
    match = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", value, re.ASCII)
    if match is None or (not match[1] and not match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size_bytes)
        if length == 0:
            raise BadHeader("Range")
        return ByteRange(size_bytes - length, size_bytes)
    start = int(match[1])
    stop = min(int(match[2]) + 1, size_bytes) if match[2] else size_bytes
    if match[2] and int(match[2]) < start:
        return None
    if start >= size_bytes:
        raise BadHeader("Range")
    return ByteRange(start, stop)


def read_timeout(value: str, *, default_s: int, most_s: int) -> int:
    """Seconds of a `Timeout` header, at most `most_s` (RFC 4918, section 10.7)."""
    for part in value.split(","):
        text = part.strip().lower()
        if text == "infinite":
            return most_s
        if text.startswith("second-") and text[7:].isascii() and text[7:].isdigit():
            return max(1, min(int(text[7:17]), most_s))
    return default_s


def destination_path(value: str, *hosts: str) -> bytes:
    """The raw path of a `Destination` on one of our hosts. Raises BadHeader, also for others."""
    try:
        url = urlsplit(value.strip())
    except ValueError:
        raise BadHeader("Destination") from None
    if not url.path.startswith("/") or url.query or url.fragment:
        raise BadHeader("Destination")
    if url.netloc and url.netloc.rpartition("@")[2].lower() not in (host.lower() for host in hosts):
        raise BadHeader("Destination")
    try:
        return url.path.encode("ascii")
    except UnicodeEncodeError:
        raise BadHeader("Destination") from None


def http_date(time_s: float) -> str:
    """As `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(max(0.0, min(time_s, 253402300799)), usegmt=True)


def read_http_date(value: str) -> float | None:
    """UTC seconds, or None when the date is not one."""
    try:
        parsed = parsedate_tz(value)
        return None if parsed is None else float(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
