"""A file of an outside app as a folder that holds it (RFC 4918, class 1, without moves and locks).

`/fabric/files/GRANT/` can be listed; `/fabric/files/GRANT/NAME` is read, and written by whoever was
granted that. So software that mounts folders opens what lies in an app that knows only HTTP.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from synfonium.apps.fabric.contract import Object
from synfonium.apps.fabric.errors import BadRequest
from synfonium.apps.fabric.service import FabricService
from synfonium.apps.fabric.service.bridge import LARGEST_BYTES, Reached
from synfonium.apps.fabric.service.grants import BRIDGE
from synfonium.common.ids import GrantId
from synfonium.common.problem import NotFound, Problem, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, read_body, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response
from synfonium.kernel.refusals import MethodNotAllowed, TooLarge
from synfonium.libraries.webdav import multistatus
from synfonium.libraries.webdav.body import DAV, BadBody, PropFind, read_propfind
from synfonium.libraries.webdav.headers import BadHeader, http_date, read_depth
from synfonium.libraries.webdav.paths import BadPath, quote_name, split_path
from synfonium.libraries.webdav.representation import answer_get

LARGEST_QUESTION_BYTES = 64 * 1024
ALLOW = (b"allow", b"OPTIONS, GET, HEAD, PUT, PROPFIND")
XML: Headers = [(b"content-type", b"application/xml; charset=utf-8")]
# A browser that is led here must not run what a stranger wrote on the origin of the pages.
SAFE: Headers = [
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"private, no-store"),
]


class BasicNeeded(SignInNeeded):
    headers = {"www-authenticate": 'Basic realm="Synfonium", charset="UTF-8"'}


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: FabricService = context.service

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await _answer(context, service, scope, receive, send)
        except Problem as problem:
            await _refuse(context, scope, send, problem)
        except (BadHeader, BadPath, BadBody) as fault:
            await _refuse(context, scope, send, BadRequest(reason=str(fault)))

    return app


async def _answer(
    context: Context, service: FabricService, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["type"] != "http":
        raise MethodNotAllowed
    method = scope["method"]
    if method == "OPTIONS":
        await respond(send, 200, [(b"dav", b"1"), ALLOW])
        return
    answer = METHODS.get(method)
    if answer is None:
        raise MethodNotAllowed
    actor = await _actor(context, scope)
    grant, names = _named(raw_path(scope))
    reached = await service.bridge.reach(actor, grant, "write" if method == "PUT" else "read")
    if names not in ((), (reached.name,)):
        raise NotFound
    await answer(Request(service, reached, bool(names), scope, receive, send))


async def _actor(context: Context, scope: Scope) -> Person:
    try:
        actor = await context.authenticate(scope)
    except SignInNeeded:
        raise BasicNeeded from None
    if actor is None:
        raise BasicNeeded
    return actor


def _named(raw: bytes) -> tuple[GrantId, tuple[str, ...]]:
    """Raises BadPath, NotFound."""
    _fabric, _files, *names = split_path(raw)
    if not names:
        raise NotFound
    return GrantId(names[0]), tuple(names[1:])


class Request:
    """One request for a file that was reached, or (is_file no) the folder that holds it."""

    def __init__(
        self,
        service: FabricService,
        reached: Reached,
        is_file: bool,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self.service, self.reached, self.is_file = service, reached, is_file
        self.method, self.receive, self.send = scope["method"], receive, send
        self.headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}

    async def body(self, limit_bytes: int) -> bytes:
        """Raises TooLarge."""
        content = await read_body(self.receive, limit_bytes)
        if content is None:
            raise TooLarge
        return content


async def _get(request: Request) -> None:
    if not request.is_file:
        raise MethodNotAllowed
    shown = request.reached.shown
    content = await request.service.bridge.read(request.reached)
    answer = answer_get(
        request.headers, etag=_etag(shown), modified_s=shown.modified_s, size_bytes=len(content)
    )
    name = f"attachment; filename*=UTF-8''{quote(request.reached.name, safe='')}"
    kind: Headers = [
        (b"content-type", _media_type(shown).encode()),
        (b"content-disposition", name.encode()),
    ]
    headers = [*answer.headers, *SAFE, *(kind if answer.body else ())]
    body = content[answer.body.start : answer.body.stop] if answer.body and request.method == "GET" else b""
    await request.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await request.send({"type": "http.response.body", "body": body})


async def _put(request: Request) -> None:
    if not request.is_file:
        raise MethodNotAllowed
    content = await request.body(LARGEST_BYTES)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    await request.service.bridge.write(request.reached, content, media_type)
    await respond(request.send, 204, [])


async def _propfind(request: Request) -> None:
    depth = read_depth(request.headers.get("depth", ""), "1")
    asked = read_propfind(await request.body(LARGEST_QUESTION_BYTES))
    folder = f"{BRIDGE}/{request.reached.grant.id}/"
    file = folder + quote_name(request.reached.name)
    listed = [] if request.is_file else [_response(folder, asked, _folder_properties(request.reached))]
    if request.is_file or depth != "0":
        listed.append(_response(file, asked, _file_properties(request.reached)))
    text = multistatus.HEAD + "".join(listed) + multistatus.FOOT
    await respond(request.send, 207, XML, text.encode())


METHODS: dict[str, Callable[[Request], Awaitable[None]]] = {
    "GET": _get,
    "HEAD": _get,
    "PUT": _put,
    "PROPFIND": _propfind,
}


def _response(href: str, asked: PropFind, known: dict[str, str]) -> str:
    """The properties that were asked for, and which of them there are not."""
    wanted = asked.names if asked.kind == "prop" else tuple((DAV, local) for local in known)
    if asked.kind == "propname":
        found = "".join(multistatus.empty_property((DAV, local)) for local in known)
        return multistatus.response(href, multistatus.propstat(found))
    there = [name for name in wanted if name[0] == DAV and name[1] in known]
    missing = [multistatus.empty_property(name) for name in wanted if name not in there]
    content = multistatus.propstat("".join(f"<D:{local}>{known[local]}</D:{local}>" for _dav, local in there))
    return multistatus.response(
        href, content + (multistatus.propstat("".join(missing), 404) if missing else "")
    )


def _folder_properties(reached: Reached) -> dict[str, str]:
    return {
        "resourcetype": "<D:collection/>",
        "displayname": escape(reached.name),
        "getlastmodified": http_date(reached.shown.modified_s),
    }


def _file_properties(reached: Reached) -> dict[str, str]:
    shown = reached.shown
    made = datetime.fromtimestamp(shown.modified_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "resourcetype": "",
        "displayname": escape(reached.name),
        "getlastmodified": http_date(shown.modified_s),
        "creationdate": made,
        "getcontentlength": str(shown.size_bytes),
        "getcontenttype": escape(_media_type(shown)),
        "getetag": escape(_etag(shown)),
    }


def _etag(shown: Object) -> str:
    plain = "".join(one for one in shown.revision if one.isascii() and one.isalnum())
    return f'"{plain or int(shown.modified_s)}"'


def _media_type(shown: Object) -> str:
    """An app's word for it goes into a header: what is no media type is bytes."""
    is_plain = shown.media_type.isascii() and shown.media_type.isprintable() and "/" in shown.media_type
    return shown.media_type if is_plain else "application/octet-stream"


async def _refuse(context: Context, scope: Scope, send: Send, problem: Problem) -> None:
    status, headers, body = problem_response(scope, problem, context.pages)
    if status == 405:
        headers.append(ALLOW)
    await respond(send, status, headers, b"" if scope["method"] == "HEAD" else body)
