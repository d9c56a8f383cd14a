"""SCIM 2.0 at `/scim/v2/SLUG/…`: for the directory of one organisation, by its own token.

Every answer is SCIM's, refusals too; nothing that comes in leads to a 500.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from synfonium.apps.identity.model import scim as declared
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.scim import as_scim_error
from synfonium.apps.identity.service.scim.single import is_version
from synfonium.common.problem import Problem, SignInNeeded
from synfonium.kernel.asgi import (
    ASGIApp,
    Headers,
    Receive,
    Scope,
    Send,
    plain_path,
    raw_path,
    read_body,
    respond,
)
from synfonium.kernel.context import Context
from synfonium.libraries.scim.errors import ScimError, invalid_syntax, invalid_value
from synfonium.libraries.scim.messages import SEARCH, list_response, projected, query_of
from synfonium.libraries.scim.schemas import says

PREFIX = "/scim/v2/"
LARGEST_BODY_BYTES = 1024 * 1024
LONGEST_QUERY = 8_000
MOST_FIELDS = 20
JSON = (b"content-type", b"application/scim+json")
KINDS = ("Users", "Groups")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What goes back. body: None for an empty one."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request as far as it has been understood. path: the segments after the organisation."""

    method: str
    path: tuple[str, ...]
    query: dict[str, str]
    headers: dict[bytes, bytes]
    authority: Authority

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


def asgi_app(context: Context) -> ASGIApp:
    """The door; see the module."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await _answer(context, scope, receive)
        except (ScimError, Problem) as refusal:
            answer = _refusal(refusal)
        body = b"" if answer.body is None else msgspec.json.encode(answer.body)
        headers: Headers = [*answer.headers, *([JSON] if body else [])]
        await respond(send, answer.status, headers, body)

    return app


def _refusal(refusal: ScimError | Problem) -> Answer:
    error = as_scim_error(refusal) if isinstance(refusal, Problem) else refusal
    headers = refusal.headers if isinstance(refusal, Problem) else {}
    sent = tuple((key.encode(), value.encode()) for key, value in headers.items())
    return Answer(status=error.status, body=error.message(), headers=sent)


async def _answer(context: Context, scope: Scope, receive: Receive) -> Answer:
    service: IdentityService = context.service
    asked = await _asked(service, scope)
    base = f"{context.site.public_url}{PREFIX}{asked.authority.organisation.slug}"
    match asked.path:
        case ("ServiceProviderConfig",):
            return _discovered(asked, declared.service_provider(base))
        case ("ResourceTypes" | "Schemas" as name, *rest) if len(rest) <= 1:
            return _one_of(
                asked, declared.schemas(base) if name == "Schemas" else declared.resource_types(base)
            )
        case ("Me", *_rest):
            raise ScimError(501, detail="A directory is nobody in particular.")
        case ("Bulk",):
            _only(asked, "POST")
            body = await _body(receive, declared.LARGEST_BULK_BYTES)
            return Answer(body=await service.scim.bulk.run(asked.authority, body))
        case () | ("",):
            _only(asked, "GET")
            return Answer(body=await service.scim.find_all(asked.authority, asked.query))
        case (".search",):
            wish = await _search_request(asked, receive)
            return Answer(body=await service.scim.find_all(asked.authority, wish))
        case (kind, ".search") if kind in KINDS:
            wish = await _search_request(asked, receive)
            return Answer(body=await service.scim.find(asked.authority, kind, wish))
        case (kind,) if kind in KINDS:
            return await _collection(service, asked, kind, receive)
        case (kind, id_) if kind in KINDS:
            return await _resource(service, asked, kind, id_, receive)
        case _:
            raise ScimError(404, detail="There is nothing at this address.")


async def _asked(service: IdentityService, scope: Scope) -> Asked:
    headers = {bytes(key): bytes(value) for key, value in scope["headers"]}
    path = plain_path(raw_path(scope))
    segments = path.removeprefix(PREFIX).rstrip("/").split("/") if path and path.startswith(PREFIX) else []
    if not segments or not segments[0]:
        raise ScimError(404, detail="There is nothing at this address.")
    kind, _space, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() != "bearer":
        raise SignInNeeded
    authority = await service.directories.authority(segments[0], secret.strip())
    method = scope["method"]
    return Asked(
        method="GET" if method == "HEAD" else method,
        path=tuple(segments[1:]),
        query=_query(scope.get("query_string", b"")),
        headers=headers,
        authority=authority,
    )


def _query(encoded: bytes) -> dict[str, str]:
    if len(encoded) > LONGEST_QUERY:
        raise ScimError(414, detail="This address is too long: use .search.")
    try:
        return dict(parse_qsl(encoded.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:
        raise invalid_value("The query cannot be read.") from None


async def _body(receive: Receive, limit_bytes: int) -> Any:
    body = await read_body(receive, limit_bytes)
    if body is None:
        raise ScimError(413, "tooLarge", f"At most {limit_bytes} bytes.")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise invalid_syntax("This is not JSON.") from None


def _only(asked: Asked, *methods: str) -> None:
    if asked.method not in methods:
        raise ScimError(405, detail="This address does not take that kind of request.")


def _discovered(asked: Asked, resource: Mapping[str, Any]) -> Answer:
    _only(asked, "GET")
    return Answer(body=projected(resource, query_of(asked.query, declared.USER_SHAPE.names)))


def _one_of(asked: Asked, resources: list[dict[str, Any]]) -> Answer:
    """All of them, or the one whose id is asked for (RFC 7644, section 4)."""
    _only(asked, "GET")
    if "filter" in asked.query:
        raise ScimError(403, detail="These cannot be filtered.")
    if len(asked.path) == 1:
        return Answer(body=list_response(resources, len(resources), 1))
    found = [one for one in resources if one["id"] == asked.path[1]]
    if not found:
        raise ScimError(404, detail="There is nothing at this address.")
    return Answer(body=found[0])


async def _search_request(asked: Asked, receive: Receive) -> dict[str, Any]:
    _only(asked, "POST")
    body = await _body(receive, LARGEST_BODY_BYTES)
    if not says(body, SEARCH):
        raise invalid_syntax("This is not a SearchRequest message.")
    return dict(body)


async def _collection(service: IdentityService, asked: Asked, kind: str, receive: Receive) -> Answer:
    _only(asked, "GET", "POST")
    if asked.method == "GET":
        return Answer(body=await service.scim.find(asked.authority, kind, asked.query))
    body = await _body(receive, LARGEST_BODY_BYTES)
    return await _written(service, asked, kind, "", body)


async def _resource(service: IdentityService, asked: Asked, kind: str, id_: str, receive: Receive) -> Answer:
    _only(asked, "GET", "PUT", "PATCH", "DELETE")
    if asked.method == "GET":
        found = await service.scim.get(asked.authority, kind, id_)
        unless = asked.header(b"if-none-match")
        if unless and is_version(found, unless):
            return Answer(status=304, headers=_tagged(found))
        return _shown(service, asked, kind, found)
    body = None if asked.method == "DELETE" else await _body(receive, LARGEST_BODY_BYTES)
    return await _written(service, asked, kind, id_, body)


async def _written(service: IdentityService, asked: Asked, kind: str, id_: str, body: Any) -> Answer:
    query_of(asked.query, service.scim.kind(kind).shape.names)  # refused before anything is written
    made = await service.scim.write(asked.authority, asked.method, kind, id_, body, asked.header(b"if-match"))
    if made is None:
        return Answer(status=204)
    return _shown(service, asked, kind, made, status=201 if asked.method == "POST" else 200)


def _shown(
    service: IdentityService, asked: Asked, kind: str, resource: Mapping[str, Any], status: int = 200
) -> Answer:
    query = query_of(asked.query, service.scim.kind(kind).shape.names)
    location = (b"location", resource["meta"]["location"].encode())
    return Answer(status=status, body=projected(resource, query), headers=(*_tagged(resource), location))


def _tagged(resource: Mapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"etag", resource["meta"]["version"].encode()),)
