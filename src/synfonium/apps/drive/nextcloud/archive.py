"""A folder as one ZIP archive, written while it is sent.

Newer clients GET the folder and accept `application/zip`; older ones ask
`/index.php/apps/files/ajax/download.php?dir=…&files=…`.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs, quote

import msgspec

from synfonium.apps.drive.model import Node
from synfonium.apps.drive.nextcloud.credentials import person_of
from synfonium.apps.drive.nextcloud.request import NextcloudRequest
from synfonium.apps.drive.webdav import read
from synfonium.apps.drive.webdav.request import DavRequest, Target
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.asgi import Headers, Receive, Scope, Send
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed

DOWNLOAD = b"/index.php/apps/files/ajax/download.php"
ZIP_TYPE = "application/zip"
MOST_NAMES = 1000
LONGEST_NAMES = 64 * 1024


async def get(request: DavRequest) -> None:
    """A file as it is, a folder as an archive when that is accepted; `X-NC-Files`: some of its members."""
    node = await request.found() if ZIP_TYPE in request.header("accept") else None
    if node is None or node.is_file:
        await read.get(request)
        return
    await _send(request, node, _list(request.header("x-nc-files").encode("latin-1")))


def is_asked(path: bytes) -> bool:
    return path == DOWNLOAD


async def answer(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    """As older clients ask. Raises NotFound for what is no folder."""
    if scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed
    actor, given = await person_of(context, scope), _given(scope)
    names = tuple(name for name in given.get("dir", "").split("/") if name)
    target = Target("/remote.php/webdav", names, actor)
    request = NextcloudRequest(context.service, actor, target, scope, receive, send)
    folder = await request.found()
    if folder.is_file:
        raise NotFound
    await _send(request, folder, _wanted(given.get("files", "")))


def _given(scope: Scope) -> dict[str, str]:
    try:
        query = parse_qs(bytes(scope.get("query_string", b"")).decode("ascii"), max_num_fields=20)
    except ValueError:
        raise NotFound from None
    return {name: values[-1] for name, values in query.items()}


def _wanted(text: str) -> list[str]:
    """One name, or several as JSON."""
    return _list(text.encode()) if text.startswith("[") else [text] if text else []


def _list(text: bytes) -> list[str]:
    """Raises NotFound for what is no list of names."""
    if not text:
        return []
    try:
        names = msgspec.json.decode(text[:LONGEST_NAMES], type=list[str])
    except (msgspec.DecodeError, ValueError):
        raise NotFound from None
    if len(names) > MOST_NAMES:
        raise NotFound
    return names


async def _send(request: DavRequest, folder: Node, names: Sequence[str]) -> None:
    """names: of members, none for all. Raises NotFound when one is not there."""
    chosen = [await _number(request, name) for name in names]
    place = f"attachment; filename*=UTF-8''{quote(folder.name or 'Drive', safe='')}.zip"
    kind: Headers = [(b"content-type", ZIP_TYPE.encode()), (b"content-disposition", place.encode())]
    await request.start(200, [*read.SAFE, *kind])
    try:
        if request.scope["method"] == "GET":
            async for piece in request.service.zipping.pieces(request.actor, folder, chosen):
                await request.piece(piece, more=True)
    except (Problem, ValueError):
        raise ConnectionError from None  # too late to say why; the cut archive tells the client
    await request.piece(b"", more=False)


async def _number(request: DavRequest, name: str) -> int:
    names = [*request.target.names, name]
    path = await request.service.tree.resolve(request.actor, names)
    if len(path) <= len(names):
        raise NotFound
    return path[-1].number
