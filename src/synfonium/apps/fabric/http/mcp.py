"""Declared actions for language models: the Model Context Protocol (MCP, 2025-06-18) over HTTP.

`POST /fabric/mcp` takes one JSON-RPC 2.0 message and answers it with JSON; there are no sessions
and no streams, since every answer is there within 30 s. Written by hand: the protocol's package
brings a web framework, a validator and a server of its own, of which this needs nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from synfonium.apps.fabric.contract import APP_SCOPE
from synfonium.apps.fabric.errors import NoAction
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.model.tools import action_name, arguments_of, as_tool
from synfonium.apps.fabric.service.acting import Deed
from synfonium.common.problem import Forbidden, Problem, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, read_body, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response, words
from synfonium.kernel.refusals import MethodNotAllowed, TooLarge

PATH = "/fabric/mcp"
RESOURCE = "/.well-known/oauth-protected-resource"
VERSIONS = ("2025-06-18", "2025-03-26")
LARGEST_BYTES = 256 * 1024
PAGE_TOOLS = 200
JSON: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]

_PARSE, _INVALID, _METHOD, _PARAMS, _INTERNAL = -32700, -32600, -32601, -32602, -32603
_ABOUT = (
    "These tools act in a person's own apps. Things have addresses such as drive:node/…; drive:root is"
    " their whole Drive. Find addresses with drive_find and drive_list_folder."
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A request, or without `id` a notification; without `method` a response, which nobody awaits."""

    jsonrpc: str
    method: str = ""
    id: str | int | msgspec.UnsetType = msgspec.UNSET
    params: dict[str, Any] = {}


class Fault(Exception):
    """An error of JSON-RPC."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, answer = await _answer(context, scope, receive)
            await respond(send, status, JSON, msgspec.json.encode(answer) if answer is not None else b"")
        except Problem as problem:
            status, headers, body = problem_response(
                {**scope, "headers": _plain(scope)}, problem, context.pages
            )
            await respond(send, status, _with_way(context, status, headers), body)

    return app


async def _answer(context: Context, scope: Scope, receive: Receive) -> tuple[int, Any]:
    if scope["type"] != "http" or scope["method"] != "POST" or raw_path(scope) != PATH.encode():
        raise MethodNotAllowed
    actor = await context.authenticate(scope)
    if actor is None or actor.by_session:
        raise SignInNeeded  # a browser's cookie is for people
    if not actor.may(APP_SCOPE):
        raise Forbidden
    body = await read_body(receive, LARGEST_BYTES)
    if body is None:
        raise TooLarge
    asked_version = _header(scope, b"mcp-protocol-version")
    if asked_version and asked_version not in VERSIONS:
        return 400, _fault(None, Fault(_INVALID, "This version of the protocol is not spoken here."))
    return await _spoken(context, actor, scope, body)


async def _spoken(context: Context, actor: Person, scope: Scope, body: bytes) -> tuple[int, Any]:
    try:
        message = msgspec.json.decode(body, type=Message)
    except msgspec.ValidationError:
        return 400, _fault(None, Fault(_INVALID, "This is not one message of JSON-RPC 2.0."))
    except (msgspec.DecodeError, RecursionError):
        return 400, _fault(None, Fault(_PARSE, "This is not JSON."))
    if message.jsonrpc != "2.0":
        return 400, _fault(None, Fault(_INVALID, "This is not one message of JSON-RPC 2.0."))
    if message.id is msgspec.UNSET or not message.method:
        return 202, None
    try:
        result = await _result(context, actor, scope, message)
    except Fault as fault:
        return 200, _fault(message.id, fault)
    return 200, {"jsonrpc": "2.0", "id": message.id, "result": result}


async def _result(context: Context, actor: Person, scope: Scope, message: Message) -> dict[str, Any]:
    """Raises Fault."""
    if message.method == "initialize":
        return _initialized(message.params)
    if message.method == "ping":
        return {}
    if message.method == "tools/list":
        return await _listed(context, actor, scope, message.params)
    if message.method == "tools/call":
        return await _called(context, actor, scope, message.params)
    raise Fault(_METHOD, "There is no such method here.")


def _initialized(params: Mapping[str, Any]) -> dict[str, Any]:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "synfonium", "title": "Synfonium", "version": "1"},
        "instructions": _ABOUT,
    }


async def _listed(context: Context, actor: Person, scope: Scope, params: Mapping[str, Any]) -> dict[str, Any]:
    cursor = str(params.get("cursor") or "0")
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 7):
        raise Fault(_PARAMS, "This cursor is not one of ours.")
    offered, start = await service_of(context).acting.offered(actor, _locale(context, scope)), int(cursor)
    page = {"tools": [as_tool(one) for one in offered[start : start + PAGE_TOOLS]]}
    after = start + PAGE_TOOLS
    return {**page, "nextCursor": str(after)} if after < len(offered) else page


async def _called(context: Context, actor: Person, scope: Scope, params: Mapping[str, Any]) -> dict[str, Any]:
    name, arguments = params.get("name"), params.get("arguments") or {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise Fault(_PARAMS, "A call has a name, and an object of arguments.")
    acting, locale = service_of(context).acting, _locale(context, scope)
    try:
        one = await acting.one(actor, action_name(name), locale)
        object_, input_ = arguments_of(one, arguments)
        answer = await acting.act(actor, Deed(name=one.name, object=object_, input=input_))
    except NoAction:
        raise Fault(_PARAMS, "There is no such tool.") from None
    except Problem as refusal:
        return _refused(context, refusal, locale)
    text = msgspec.json.encode(answer).decode()
    return {"content": [{"type": "text", "text": text}], "structuredContent": answer, "isError": False}


def _refused(context: Context, refusal: Problem, locale: str) -> dict[str, Any]:
    """What the model reads, and can do something about."""
    assert context.pages is not None
    title, remedy = words(refusal, context.pages.catalogue(locale))
    text = f"{title} {remedy}".strip()
    return {"content": [{"type": "text", "text": f"{text} [{refusal.code}]"}], "isError": True}


def _fault(id_: str | int | msgspec.UnsetType | None, fault: Fault) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": fault.code, "message": fault.message}}


def _locale(context: Context, scope: Scope) -> str:
    assert context.pages is not None
    return context.pages.reader(scope).locale


def _header(scope: Scope, name: bytes) -> str:
    return next((bytes(value).decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _plain(scope: Scope) -> Headers:
    """A program is never shown a page."""
    return [(key, value) for key, value in scope["headers"] if key != b"accept"]


def _with_way(context: Context, status: int, headers: Headers) -> Headers:
    """Where a client finds out how to get a credential (RFC 9728, section 5.1)."""
    if status != 401:
        return headers
    way = f'Bearer realm="Synfonium", resource_metadata="{context.site.public_url}{RESOURCE}{PATH}"'
    return [pair for pair in headers if pair[0] != b"www-authenticate"] + [
        (b"www-authenticate", way.encode())
    ]
