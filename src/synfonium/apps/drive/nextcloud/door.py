"""`/remote.php`: who asks, for what, and what answers."""

from collections.abc import Awaitable, Callable
from xml.sax.saxutils import escape

from synfonium.apps.drive.nextcloud import (
    archive,
    avatars,
    bulk,
    chunks,
    propfind,
    proppatch,
    report,
    search,
    trashbin,
    versions,
)
from synfonium.apps.drive.nextcloud.credentials import person_of
from synfonium.apps.drive.nextcloud.request import ENTRY, NextcloudRequest, files_target
from synfonium.apps.drive.webdav import door
from synfonium.apps.drive.webdav.door import Method
from synfonium.apps.drive.webdav.refusals import BadRequest, DepthRefused, RefusedByLock
from synfonium.apps.drive.webdav.request import XML_TYPE
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Message, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import words
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.body import BadBody
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.paths import BadPath, split_path

FILES: dict[str, Method] = {
    **door.METHODS,
    "GET": archive.get,
    "HEAD": archive.get,
    "PROPFIND": propfind.propfind,
    "PROPPATCH": proppatch.proppatch,
    "REPORT": report.report,
}
SPOKEN = ("OPTIONS", *FILES, "POST", "SEARCH")
ALLOW = ", ".join(SPOKEN).encode()


def remote_app(context: Context) -> ASGIApp:
    """The door, for one process."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise MethodNotAllowed
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await _answer(context, scope, receive, watched)
        except Problem as problem:
            if has_begun:
                raise  # too late to say why; the broken answer tells the client
            await _refuse(context, scope, send, problem)
        except (BadHeader, BadPath, BadBody) as fault:
            await _refuse(context, scope, send, BadRequest(reason=str(fault)))

    return app


async def _answer(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["method"] == "OPTIONS":
        await respond(send, 200, [(b"dav", b"1, 2, 3"), (b"ms-author-via", b"DAV"), (b"allow", ALLOW)])
        return
    actor = await person_of(context, scope)
    names = split_path(raw_path(scope))
    if names[:2] == (*ENTRY, "webdav") or names[:3] == (*ENTRY, "dav", "files"):
        await _files(context, actor, scope, receive, send)
        return
    room = names[2] if len(names) > 2 else ""
    answer = ROOMS.get(room) if names[:2] == (*ENTRY, "dav") else None
    if answer is None:
        raise NotFound
    await answer(context, actor, scope, receive, send)


Room = Callable[[Context, Person, Scope, Receive, Send], Awaitable[None]]
ROOMS: dict[str, Room] = {
    "uploads": chunks.answer,
    "avatars": avatars.answer_dav,
    "bulk": bulk.answer,
    "trashbin": trashbin.answer,
    "versions": versions.answer,
    "": search.answer,
}
"""What lies below `/remote.php/dav` beside files."""


async def _files(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    target = files_target(raw_path(scope), actor)
    method = FILES.get(scope["method"])
    if method is None:
        raise MethodNotAllowed
    request = NextcloudRequest(context.service, actor, target, scope, receive, send)
    try:
        await method(request)
    except Problem as problem:
        raise door.as_dav(scope["method"], problem, target) from None


async def _refuse(context: Context, scope: Scope, send: Send, problem: Problem) -> None:
    """With the words where Nextcloud's clients look for them."""
    if isinstance(problem, RefusedByLock | DepthRefused):
        body = problem.xml
    else:
        catalogue = context.pages and context.pages.catalogue(context.pages.reader(scope).locale)
        title, remedy = words(problem, catalogue) if catalogue else (problem.title, problem.remedy)
        body = (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">'
            f"<s:exception>{_exception(problem.status)}</s:exception>"
            f"<s:message>{escape(f'{title} {remedy}'.strip())}</s:message></d:error>"
        ).encode()
    headers = [(key.encode(), value.encode()) for key, value in problem.headers.items()]
    headers += [XML_TYPE, (b"cache-control", b"no-store")]
    if problem.status == 405:
        headers.append((b"allow", ALLOW))
    await respond(send, problem.status, headers, b"" if scope["method"] == "HEAD" else body)


EXCEPTIONS = {
    400: "BadRequest",
    401: "NotAuthenticated",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    412: "PreconditionFailed",
    413: "EntityTooLarge",
    415: "UnsupportedMediaType",
    423: "Locked",
    507: "InsufficientStorage",
}


def _exception(status: int) -> str:
    """The name by which clients tell refusals apart."""
    otherwise = "BadRequest" if status < 500 else "ServiceUnavailable"
    return f"Sabre\\DAV\\Exception\\{EXCEPTIONS.get(status, otherwise)}"
