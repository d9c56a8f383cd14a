"""Files of vaults as they are stored, for the page that opens them: `GET /drive/sealed/<node>`."""

from functools import partial

from synfonium.apps.drive.errors import NoSuchNode
from synfonium.apps.drive.http.content import send_content
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.common.problem import Forbidden, NotFound, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path
from synfonium.kernel.context import Context
from synfonium.kernel.problems import telling_problems
from synfonium.kernel.refusals import MethodNotAllowed

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
    return telling_problems(partial(_answer, context), context.pages)


async def _answer(context: Context, scope: Scope, _receive: Receive, send: Send) -> None:
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
    await send_content(service, content, scope, send, always=SAFE, described=[])
