"""Raw request paths to names and back, with nothing decoded twice."""

import re
from urllib.parse import quote, unquote_to_bytes

MAX_PATH_BYTES = 32_768
# RFC 3986 `pchar` without the sub-delimiters that some clients encode and others do not.
_SAFE = "-._~!$'()*,=:@+"
_NEEDS_NOTHING = re.compile(r"[A-Za-z0-9\-._~!$'()*,=:@+]+").fullmatch


class BadPath(ValueError):
    """The path is not one that can name anything here."""


def split_path(raw: bytes) -> tuple[str, ...]:
    """The names of a raw path, each percent-decoded once; one slash at the end is dropped.

    Raises BadPath for empty, `.` and `..` segments, for an encoded slash, NUL or what is
    not UTF-8: such a path is refused rather than cleaned, so that every door and every
    proxy before it agree on what it names.
    """
    if len(raw) > MAX_PATH_BYTES:
        raise BadPath("too long")
    trimmed = raw[1:] if raw.startswith(b"/") else raw
    trimmed = trimmed[:-1] if trimmed.endswith(b"/") else trimmed
    if not trimmed:
        return ()
    return tuple(_name(segment) for segment in trimmed.split(b"/"))


def _name(segment: bytes) -> str:
    decoded = unquote_to_bytes(segment)
    if decoded in (b"", b".", b"..") or b"/" in decoded or b"\0" in decoded:
        raise BadPath("empty, dot or slash in a name")
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        raise BadPath("not UTF-8") from None


def quote_name(name: str) -> str:
    """One name as a path segment; nothing in it needs to be escaped in XML."""
    return name if _NEEDS_NOTHING(name) else quote(name, safe=_SAFE)
