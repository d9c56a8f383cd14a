"""The two messages, and their framing indicators (RFC 9292, section 3.3)."""

from dataclasses import dataclass

Fields = tuple[tuple[bytes, bytes], ...]
KNOWN_REQUEST, KNOWN_RESPONSE, REQUEST, RESPONSE = range(4)


@dataclass(frozen=True, kw_only=True)
class Request:
    """headers: names in small letters."""

    method: str
    path: str
    scheme: str = "https"
    authority: str = ""
    headers: Fields = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Response:
    """The final response; headers: names in small letters."""

    status: int
    headers: Fields = ()
    body: bytes = b""
