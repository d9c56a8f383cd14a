"""Pictures of files: `/index.php/core/preview`, by a file's number or path."""

from urllib.parse import parse_qs

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.previews import SIZES
from synfonium.apps.drive.nextcloud.credentials import person_of
from synfonium.apps.drive.service import DriveService
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.paths import BadPath, split_path

PREVIEW = (b"/index.php/core/preview", b"/index.php/core/preview.png")
THUMBNAIL = b"/index.php/apps/files/api/v1/thumbnail/"
MOST_DIGITS = 18
SAFE: Headers = [
    (b"content-type", b"image/webp"),
    (b"cache-control", b"private, no-cache"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"x-content-type-options", b"nosniff"),
]


def is_asked(path: bytes) -> bool:
    return path in PREVIEW or path.startswith(THUMBNAIL)


async def answer(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    """Raises NotFound for a file that no picture can be made of: clients then show its kind."""
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed
    actor, service = await person_of(context, scope), context.service
    node, pixels = await _asked(service, actor, scope)
    picture = await service.previews.of(actor, node.id, min(max(pixels, 1), SIZES[-1]))
    etag = f'"{picture.etag}"'.encode()
    headers = [*SAFE, (b"etag", etag)]
    if any(key == b"if-none-match" and etag in value for key, value in scope["headers"]):
        await respond(send, 304, headers)
        return
    await respond(send, 200, headers, picture.content)


async def _asked(service: DriveService, actor: Person, scope: Scope) -> tuple[Node, int]:
    """The file, and how many pixels its picture shall have."""
    path = raw_path(scope)
    if path.startswith(THUMBNAIL):
        width, height, *names = _names(path.removeprefix(THUMBNAIL))
        return await _at(service, actor, tuple(names)), max(_number(width), _number(height))
    try:
        query = parse_qs(bytes(scope.get("query_string", b"")).decode("ascii"), max_num_fields=20)
    except ValueError:
        raise NotFound from None
    given = {name: values[-1] for name, values in query.items()}
    pixels = max(_number(given.get("x", "32")), _number(given.get("y", "32")))
    if "fileId" in given:
        return await service.versions.by_number(actor, _number(given["fileId"])), pixels
    names = [name for name in given.get("file", "").split("/") if name]
    return await _at(service, actor, tuple(names)), pixels


async def _at(service: DriveService, actor: Person, names: tuple[str, ...]) -> Node:
    path = await service.tree.resolve(actor, names)
    if not names or len(path) <= len(names):
        raise NotFound
    return path[-1]


def _names(path: bytes) -> tuple[str, ...]:
    try:
        names = split_path(path)
    except BadPath:
        raise NotFound from None
    if len(names) < 3:
        raise NotFound
    return names


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise NotFound
    return int(text)
