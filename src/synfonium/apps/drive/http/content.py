"""People's content on the content origin: `/content/drive/<token>`.

No session is known here. Each answer is sandboxed; what could run is saved, not shown.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Content
from synfonium.common.problem import Problem
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import telling_problems
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.representation import answer_get

PREFIX = "/content/drive/"
SAFE: Headers = [
    (b"content-security-policy", b"sandbox; default-src 'none'; img-src 'self'; media-src 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
]


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service = service_of(context)

    return telling_problems(partial(_answer, service), context.pages)


async def _answer(service: DriveService, scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed
    token = raw_path(scope).decode("ascii", "replace").removeprefix(PREFIX)
    if token.startswith("z"):
        await _archive(service, token, scope, send)
        return
    content, is_shown = await service.links.open(token)
    described = _described(content.node, is_shown)
    begins = partial(service.links.begin, token)
    await send_content(service, content, scope, send, always=SAFE, described=described, begins=begins)


async def send_content(
    service: DriveService,
    content: Content,
    scope: Scope,
    send: Send,
    *,
    always: Headers,
    described: Headers,
    begins: Callable[[int], None] = lambda _start: None,
) -> None:
    """The content, or what of it was asked for. described: headers of an answer with a body. begins: called
    with where it starts, before it does. Raises Problem for headers that cannot be read."""
    node = content.node
    asked = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
    try:
        answer = answer_get(
            asked, etag=f'"{node.etag}"', modified_s=node.modified_s, size_bytes=node.size_bytes
        )
    except BadHeader:
        raise Problem from None
    headers = [*answer.headers, *always, *(described if answer.body else ())]
    pieces = None
    if answer.body is not None and scope["method"] == "GET":
        begins(answer.body.start)
        pieces = await service.files.begin(content, answer.body.start, answer.body.stop)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if pieces is not None:
        async for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _archive(service: DriveService, token: str, scope: Scope, send: Send) -> None:
    """A folder as a ZIP archive, written while it is sent."""
    if scope["method"] == "HEAD":
        await respond(send, 200, [*SAFE, (b"content-type", b"application/zip")])
        return
    actor, folder, chosen = await service.links.open_folder(token)
    top = await service.zipping.top(actor, folder)
    place = f"attachment; filename*=UTF-8''{quote(top.name or 'Drive', safe='')}.zip"
    headers: Headers = [
        *SAFE,
        (b"content-type", b"application/zip"),
        (b"content-disposition", place.encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    try:
        async for piece in service.zipping.pieces(actor, top, chosen):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except (Problem, ValueError):
        raise ConnectionError from None  # too late to say why; the cut archive tells the client
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _described(node: Node, is_shown: bool) -> Headers:
    way = "inline" if is_shown else "attachment"
    kind = "text/plain; charset=utf-8" if is_shown and node.media_type == "text/plain" else node.media_type
    place = f"{way}; filename*=UTF-8''{quote(node.name, safe='')}"
    return [(b"content-type", kind.encode()), (b"content-disposition", place.encode())]
