"""The ASGI app: who asks, for what, and which method answers."""

from collections.abc import Awaitable, Callable
from functools import partial

from synfonium.apps.drive.errors import (
    IntoItself,
    Locked,
    NameTaken,
    NotThatKind,
)
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.webdav import lock, propfind, proppatch, read, single, write
from synfonium.apps.drive.webdav.refusals import BadRequest, DepthRefused, RefusedByLock, WriteRefused
from synfonium.apps.drive.webdav.request import DavRequest, Target, member_of, target_of
from synfonium.common.problem import Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Message, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import problem_response
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.body import BadBody
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.paths import BadPath

Method = Callable[[DavRequest], Awaitable[None]]
METHODS: dict[str, Method] = {
    "GET": read.get,
    "HEAD": read.get,
    "PUT": write.put,
    "DELETE": write.delete,
    "MKCOL": write.mkcol,
    "COPY": write.copy,
    "MOVE": write.move,
    "PROPFIND": propfind.propfind,
    "PROPPATCH": proppatch.proppatch,
    "LOCK": lock.lock,
    "UNLOCK": lock.unlock,
}
ALLOW = ", ".join(["OPTIONS", *METHODS]).encode()


class BasicNeeded(SignInNeeded):
    """File clients ask a person for name and token only when told that Basic is spoken."""

    headers = {"www-authenticate": 'Basic realm="Synfonium", charset="UTF-8"'}


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: DriveService = context.service
    singles = single.Singles(service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise MethodNotAllowed
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await _answer(context, singles, scope, receive, watched)
        except Problem as problem:
            if has_begun:
                raise  # too late to say why; the broken answer tells the client
            await _refuse(context, scope, send, problem)
        except (BadHeader, BadPath, BadBody) as fault:
            await _refuse(context, scope, send, BadRequest(reason=str(fault)))

    return app


async def _answer(
    context: Context, singles: single.Singles, scope: Scope, receive: Receive, send: Send
) -> None:
    if scope["method"] == "OPTIONS":
        await options(send)
        return
    try:
        actor = await context.authenticate(scope)
    except SignInNeeded:
        raise BasicNeeded from None
    if actor is None:
        raise BasicNeeded
    target = target_of(raw_path(scope), actor)
    method = METHODS.get(scope["method"])
    if method is None:
        raise MethodNotAllowed
    only = ""
    if file := await singles.file_of(target):
        method, target, only = _alone(method, target, file, scope["method"])
    request = DavRequest(context.service, target.actor, target, scope, receive, send, only, actor)
    try:
        await method(request)
    except Problem as problem:
        raise as_dav(scope["method"], problem, target) from None


def _alone(method: Method, target: Target, file: Node, name: str) -> tuple[Method, Target, str]:
    """Who answers in the folder of a grant of one file, for what, and the file's name."""
    if not target.names:
        return partial(single.answer, file=file), target, file.name
    single.check_member(name, target, file)
    return method, member_of(target), file.name


async def options(send: Send) -> None:
    """Says what is spoken here, to anybody: clients ask before they show who they are."""
    spoken = [(b"dav", b"1, 2, 3"), (b"ms-author-via", b"DAV"), (b"allow", ALLOW)]
    await respond(send, 200, spoken)


def as_dav(method: str, problem: Problem, target: Target) -> Problem:
    """The status that RFC 4918 gives a refusal of this method."""
    if isinstance(problem, Locked):
        return RefusedByLock(target.href)
    if isinstance(problem, NameTaken):
        return WriteRefused(problem, 405 if method == "MKCOL" else 412)
    if isinstance(problem, NotThatKind):
        return WriteRefused(problem, 405 if method in ("GET", "HEAD", "PUT") else 409)
    if isinstance(problem, IntoItself):
        return WriteRefused(problem, 403)
    return problem


async def _refuse(context: Context, scope: Scope, send: Send, problem: Problem) -> None:
    status, headers, body = problem_response(scope, problem, context.pages)
    if isinstance(problem, RefusedByLock | DepthRefused):
        headers = [(k, v) for k, v in headers if k != b"content-type"]
        headers.append((b"content-type", b"application/xml; charset=utf-8"))
        body = problem.xml
    if isinstance(problem, MethodNotAllowed) or status == 405:
        headers.append((b"allow", ALLOW))
    await respond(send, status, headers, b"" if scope["method"] == "HEAD" else body)
