"""`/index.php/login/v2`: how an app comes by a credential (login flow 2); and what else lies beside it."""

from urllib.parse import parse_qs

import msgspec

from synfonium.apps.drive.nextcloud import archive, avatars, previews
from synfonium.apps.drive.nextcloud.status import JSON_TYPE
from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, raw_path, read_body, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response
from synfonium.kernel.refusals import MethodNotAllowed, TooLarge

BEGIN = b"/index.php/login/v2"
POLL = b"/index.php/login/v2/poll"
SHOWN = b"/index.php/f/"
MOST_DIGITS = 18
PAGE = "/drive/connect"
BODY_BYTES = 4 * 1024


def index_app(context: Context) -> ASGIApp:
    """The door, for one process."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for beside in (previews, avatars, archive):
                if scope["type"] == "http" and beside.is_asked(raw_path(scope)):
                    await beside.answer(context, scope, receive, send)
                    return
            if scope["type"] == "http" and raw_path(scope).startswith(SHOWN):
                await respond(send, 303, [(b"location", _page(context, scope))])
                return
            body = await _answer(context, scope, receive)
        except Problem as problem:
            status, headers, refusal = problem_response(scope, problem, context.pages)
            await respond(send, status, headers, refusal)
            return
        await respond(send, 200, [JSON_TYPE, (b"cache-control", b"no-store")], msgspec.json.encode(body))

    return app


async def _answer(context: Context, scope: Scope, receive: Receive) -> dict[str, object]:
    if scope["type"] != "http":
        raise MethodNotAllowed
    path = raw_path(scope)
    if path not in (BEGIN, POLL):
        raise NotFound
    if scope["method"] != "POST":
        raise MethodNotAllowed
    body = await read_body(receive, BODY_BYTES)
    if body is None:
        raise TooLarge
    service: DriveService = context.service
    url = context.site.public_url
    return _begun(service, url, scope) if path == BEGIN else _polled(service, url, body)


def _page(context: Context, scope: Scope) -> bytes:
    """Of a file or folder whose address somebody was given: it asks who they are. Raises NotFound."""
    number = raw_path(scope).removeprefix(SHOWN)
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed
    if not (number.isdigit() and len(number) <= MOST_DIGITS):
        raise NotFound
    return f"{context.site.public_url}/drive/number/{number.decode()}".encode()


def _begun(service: DriveService, url: str, scope: Scope) -> dict[str, object]:
    agent = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"user-agent"), "")
    begun = service.connecting.begin(agent)
    return {
        "poll": {"token": begun.poll, "endpoint": f"{url}{POLL.decode()}"},
        "login": f"{url}{PAGE}/{begun.login}",
    }


def _polled(service: DriveService, url: str, body: bytes) -> dict[str, object]:
    """Raises NotFound as long as nobody has agreed."""
    try:
        token = parse_qs(body.decode("ascii"), max_num_fields=10).get("token", [""])[-1]
    except ValueError:
        raise NotFound from None
    granted = service.connecting.poll(token)
    return {"server": url, "loginName": granted.name, "appPassword": granted.secret}
