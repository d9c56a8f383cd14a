"""Portraits of people: `/index.php/avatar/NAME/PIXELS[/dark]`, `/remote.php/dav/avatars/NAME/PIXELS.png`."""

from synfonium.apps.drive.nextcloud.credentials import person_of
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.portraits import Sketch
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.paths import BadPath, split_path

AVATAR = b"/index.php/avatar/"
MOST_DIGITS = 5
SAFE: Headers = [
    (b"content-type", b"image/png"),
    (b"cache-control", b"private, max-age=3600, must-revalidate"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"x-content-type-options", b"nosniff"),
    # The apps draw letters of their own where they hear that these are no picture.
    (b"x-nc-iscustomavatar", b"0"),
]


def is_asked(path: bytes) -> bool:
    return path.startswith(AVATAR)


async def answer(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    """Raises NotFound for whom the actor does not know."""
    _check_method(scope)
    actor = await person_of(context, scope)
    name, size, *rest = _names(raw_path(scope), 2)
    if rest not in ([], ["dark"]):
        raise NotFound
    await _send(await _sketch(context.service, actor, name, size, is_dark=bool(rest)), scope, send)


async def answer_dav(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    _check_method(scope)
    name, file, *rest = _names(raw_path(scope), 3)
    size, dot, kind = file.rpartition(".")
    if rest or not dot or kind not in ("png", "jpeg", "jpg"):
        raise NotFound
    await _send(await _sketch(context.service, actor, name, size, is_dark=False), scope, send)


def _check_method(scope: Scope) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed


def _names(path: bytes, skipped: int) -> list[str]:
    try:
        names = list(split_path(path))[skipped:]
    except BadPath:
        raise NotFound from None
    if len(names) < 2:
        raise NotFound
    return names


async def _sketch(service: DriveService, actor: Person, name: str, size: str, *, is_dark: bool) -> Sketch:
    if not (size.isascii() and size.isdigit() and len(size) <= MOST_DIGITS):
        raise NotFound
    return await service.portraits.of(actor, name, int(size), is_dark=is_dark)


async def _send(sketch: Sketch, scope: Scope, send: Send) -> None:
    etag = f'"{sketch.etag}"'.encode()
    headers = [*SAFE, (b"etag", etag)]
    if any(key == b"if-none-match" and etag in value for key, value in scope["headers"]):
        await respond(send, 304, headers)
        return
    await respond(send, 200, headers, await sketch.png())
