"""Files of vaults as they are stored, for the page that opens them: `GET /drive/sealed/<node>`."""

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.http.pages import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.common.problem import Forbidden, NotFound, Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.representation import answer_get

PREFIX = "/drive/sealed/"
# Whatever somebody put there by another door: it is bytes here, and runs nowhere.
SAFE: Headers = [
    (b"content-type", b"application/octet-stream"),
    (b"content-disposition", b"attachment"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"private, no-store"),
]


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _answer(context, scope, send)
        except Problem as problem:
            status, headers, body = problem_response(scope, problem, context.pages)
            await respond(send, status, headers, body)

    return app


async def _answer(context: Context, scope: Scope, send: Send) -> None:
    if scope["type"] != "http" or scope["method"] != "GET":
        raise MethodNotAllowed
    actor = await context.authenticate(scope)
    if actor is None:
        raise SignInNeeded
    if not actor.may("drive.read"):
        raise Forbidden
    name = raw_path(scope).decode("ascii", "replace").removeprefix(PREFIX)
    if not name.isalnum():
        raise NotFound
    service = service_of(context)
    if await service.vaults.of(actor, NodeId(name)) is None:
        raise NoSuchNode
    content = await service.files.content(actor, NodeId(name))
    asked = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    node = content.node
    try:
        answer = answer_get(
            asked, etag=f'"{node.etag}"', modified_s=node.modified_s, size_bytes=node.size_bytes
        )
    except BadHeader:
        raise Problem from None
    pieces = None
    if answer.body is not None:
        pieces = await service.files.begin(content, answer.body.start, answer.body.stop)
    headers = [*answer.headers, *SAFE]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if pieces is not None:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
