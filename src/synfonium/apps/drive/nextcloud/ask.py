"""One OCS request, and how it is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import msgspec

from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, read_body
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import TooLarge

BODY_BYTES = 64 * 1024
JSON_TYPE = (b"content-type", b"application/json; charset=utf-8")
XML_TYPE = (b"content-type", b"application/xml; charset=utf-8")
Value = object
Handler = Callable[["Ask"], Awaitable[Value]]


class OcsRefused(Problem):
    """A refusal with OCS's own number, which means nothing to HTTP."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__()
        self.status, self.title = status, title  # type: ignore[misc]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request below `/ocs/v1.php` or `/ocs/v2.php`. names: of the path after that. actor: None
    only at what is open to anybody. given: of the query, and of a body of either kind."""

    context: Context
    service: DriveService
    actor: Person | None
    version: Literal[1, 2]
    method: str
    names: tuple[str, ...]
    given: Mapping[str, str]
    secret: str = ""
    agent: str = ""

    @property
    def person(self) -> Person:
        assert self.actor is not None
        return self.actor


async def given_of(scope: Scope, receive: Receive) -> dict[str, str]:
    """The parameters, the last of each name. Raises TooLarge, OcsRefused."""
    given = _of_form(bytes(scope.get("query_string", b"")))
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return given
    body = await read_body(receive, BODY_BYTES)
    if body is None:
        raise TooLarge
    kind = next((v for k, v in scope["headers"] if k == b"content-type"), b"").partition(b";")[0].strip()
    if kind == b"application/json" and body.strip():
        return {**given, **_of_json(body)}
    return {**given, **_of_form(body)}


def _of_form(text: bytes) -> dict[str, str]:
    try:
        found = parse_qs(text.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise OcsRefused(400, "Invalid query") from None
    return {name: values[-1] for name, values in found.items()}


def _of_json(body: bytes) -> dict[str, str]:
    try:
        found = msgspec.json.decode(body, type=dict[str, str | int | bool | float | None])
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise OcsRefused(400, "Invalid query") from None
    texts = {True: "true", False: "false"}
    return {
        name: texts[value] if isinstance(value, bool) else str(value)
        for name, value in found.items()
        if value is not None
    }


def wants_json(scope: Scope) -> bool:
    query = bytes(scope.get("query_string", b"")).split(b"&")[:100]
    asked = next((one[7:].lower() for one in query if one.startswith(b"format=")), b"")
    accept = next((v for k, v in scope["headers"] if k == b"accept"), b"")
    return asked == b"json" or (asked != b"xml" and b"application/json" in accept)


def envelope(data: Value, *, number: int, message: str, is_json: bool) -> tuple[Headers, bytes]:
    """number: OCS's status. The content type, and the body."""
    is_good = number in (100, 200)
    meta = {"status": "ok" if is_good else "failure", "statuscode": number, "message": message}
    whole = {"meta": meta, "data": data}
    if is_json:
        return [JSON_TYPE], msgspec.json.encode({"ocs": whole})
    return [XML_TYPE], f'<?xml version="1.0"?>\n<ocs>{_children(whole)}</ocs>\n'.encode()


def _children(values: Mapping[str, Value]) -> str:
    return "".join([_element(name, value) for name, value in values.items()])


def _element(name: str, value: Value) -> str:
    if isinstance(value, Mapping):
        inner = _children(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = "".join([_element("element", one) for one in value])
    elif isinstance(value, bool) or value is None:
        inner = "1" if value else ""
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
