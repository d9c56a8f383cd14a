"""`/ocs/v1.php` and `/ocs/v2.php`: answers in an envelope, as JSON or XML."""

import hashlib
from typing import Literal

from synfonium.apps.drive.nextcloud import capabilities, direct, shared, sharing, unified, user
from synfonium.apps.drive.nextcloud.ask import Ask, Handler, OcsRefused, envelope, given_of, wants_json
from synfonium.apps.drive.nextcloud.credentials import person_of, secret_of
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.webdav.door import BasicNeeded
from synfonium.common.problem import NotFound, Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import words
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.paths import BadPath, split_path

OPEN: dict[tuple[str, ...], Handler] = {("GET", "cloud", "capabilities"): capabilities.show}
"""What anybody may ask: method and path."""
ROUTES: dict[tuple[str, ...], Handler] = {
    ("GET", "cloud", "user"): user.show,
    ("GET", "core", "navigation", "apps"): user.apps,
    ("GET", *sharing.BASE, "sharees"): sharing.sharees,
    ("POST", "apps", "dav", "api", "v1", "direct"): direct.make,
    ("GET", *unified.PROVIDERS): unified.providers,
    ("GET", *unified.FILES): unified.files,
    ("DELETE", "core", "apppassword"): user.forget_password,
}


def ocs_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    service: DriveService = context.service
    service.announced.properties |= shared.properties_of(service)
    service.announced.capabilities += [capabilities.of_files, sharing.capabilities]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise MethodNotAllowed
        version: Literal[1, 2] = 1 if raw_path(scope).startswith(b"/ocs/v1.php") else 2
        is_json = wants_json(scope)
        try:
            data = await _answer(context, scope, receive, version)
            number, headers = (100 if version == 1 else 200), _no_headers()
            status, message = 200, "OK"
        except Problem as problem:
            data = []
            status, number, message = _refused(problem, version, context, scope)
            headers = [(k.encode(), v.encode()) for k, v in problem.headers.items()]
        kind, body = envelope(data, number=number, message=message, is_json=is_json)
        await _send(scope, send, status, [*kind, *headers], body)

    return app


def _no_headers() -> Headers:
    return []


async def _answer(context: Context, scope: Scope, receive: Receive, version: Literal[1, 2]) -> object:
    names = _names(scope)
    route = (scope["method"].replace("HEAD", "GET"), *names)
    handler = OPEN.get(route)
    actor = None
    if handler is None:
        actor = await person_of(context, scope)
        handler = ROUTES.get(route) or user.route(route) or sharing.route(route)
    if handler is None:
        raise NotFound
    ask = Ask(
        context=context,
        service=context.service,
        actor=actor,
        version=version,
        method=scope["method"],
        names=names,
        given=await given_of(scope, receive),
        secret=secret_of(scope),
        agent=next((v.decode("latin-1") for k, v in scope["headers"] if k == b"user-agent"), ""),
    )
    return await handler(ask)


def _names(scope: Scope) -> tuple[str, ...]:
    """What follows `/ocs/v2.php`. Raises NotFound."""
    try:
        _first, entry, *names = split_path(raw_path(scope))
    except (BadPath, ValueError):
        raise NotFound from None
    if entry not in ("v1.php", "v2.php"):
        raise NotFound
    return tuple(names)


def _refused(
    problem: Problem, version: Literal[1, 2], context: Context, scope: Scope
) -> tuple[int, int, str]:
    """The HTTP status, OCS's number and the words."""
    if isinstance(problem, OcsRefused) or context.pages is None:
        title = problem.title
    else:
        reader = context.pages.reader(scope)
        title, _remedy = words(problem, context.pages.catalogue(reader.locale))
    if isinstance(problem, BasicNeeded | SignInNeeded):
        return 401, 997, title
    if version == 1 and problem.status < 500:
        return (problem.status if problem.status == 405 else 200), problem.status, title
    return problem.status, problem.status, title


async def _send(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    """With an ETag, so that what clients ask every half minute costs them nothing."""
    if status != 200 or scope["method"] not in ("GET", "HEAD"):
        await respond(send, status, headers, body)
        return
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
    headers = [*headers, (b"etag", etag), (b"cache-control", b"private, no-cache")]
    known = next((v for k, v in scope["headers"] if k == b"if-none-match"), b"")
    if etag in known:
        await respond(send, 304, headers)
        return
    await respond(send, 200, headers, body)
