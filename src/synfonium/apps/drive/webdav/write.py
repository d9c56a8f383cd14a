"""PUT, MKCOL, DELETE, COPY and MOVE: each whole or not at all."""

import binascii
import math
from collections.abc import AsyncIterator

from synfonium.apps.drive.errors import Cut, NameTaken, NotThatKind, ParentMissing, TopStays
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service.batch import Written
from synfonium.apps.drive.service.crossing import Placed
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.webdav.refusals import BadRequest
from synfonium.apps.drive.webdav.request import DavRequest, Target, href_of
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.asgi import Headers, body_pieces
from synfonium.libraries.webdav.headers import BadHeader, read_depth

CHECKSUM_BYTES = {"SHA1": 20, "MD5": 16, "SHA256": 32, "ADLER32": 4}
MOST_MTIME_S = 253_402_300_799  # the year 9999, the last that dates can write


class UnsupportedMediaType(Problem):
    """MKCOL with a body has no meaning here (RFC 4918, section 9.3)."""

    status, code = 415, "drive.unsupported_media_type"


async def put(request: DavRequest) -> None:
    if "content-range" in request.headers:
        raise BadHeader("Content-Range")
    pieces = body_pieces(request.receive)
    try:
        written = await _put_at(request, pieces) or await _put(request, pieces)
    except ConnectionError:
        raise Cut from None
    headers: Headers = [(b"etag", f'"{written.node.etag}"'.encode())]
    if "x-oc-mtime" in request.headers:
        headers.append((b"x-oc-mtime", b"accepted"))
    await request.wrote(201 if written.is_new else 204, written.node, headers)


async def _put_at(request: DavRequest, pieces: AsyncIterator[bytes]) -> Written | None:
    """Without a look at what is there, where nothing depends on it."""
    names = request.target.names
    if not names or request.has_conditions:
        return None
    return await request.service.files.write_at(request.actor, names, pieces, incoming_of(request))


async def _put(request: DavRequest, pieces: AsyncIterator[bytes]) -> Written:
    path = await request.path()
    names = request.target.names
    if len(path) > len(names) and not path[-1].is_file:
        raise NotThatKind
    incoming, expected = incoming_of(request), await request.expected(path)
    files, actor, tokens = request.service.files, request.actor, request.tokens
    if is_mount(path) and len(path) > len(names):
        return await files.write_to(actor, path[-1].id, pieces, incoming, expected=expected, tokens=tokens)
    if not names:
        return await files.write_top(actor, pieces, incoming, expected=expected, tokens=tokens)
    parent = parent_of(path, names)
    files.ways.keep(path[: len(names)])
    return await files.write(actor, parent.id, names[-1], pieces, incoming, expected=expected, tokens=tokens)


def is_mount(path: list[Node]) -> bool:
    """Whether the last of the nodes is another's, and stands in a folder of the actor's."""
    return len(path) > 1 and path[-1].space != path[-2].space


def parent_of(path: list[Node], names: tuple[str, ...]) -> Node:
    """Raises ParentMissing when more than the last name is missing, NotThatKind at the top."""
    if not names:
        raise NotThatKind
    if len(path) < len(names) or path[len(names) - 1].is_file:
        raise ParentMissing
    return path[len(names) - 1]


def incoming_of(request: DavRequest) -> Incoming:
    return Incoming(
        modified_s=mtime_of(request.header("x-oc-mtime")),
        checksums=checksums_of(request.header("oc-checksum")),
        announced_bytes=length_of(request.header("content-length")),
    )


def mtime_of(value: str) -> float | None:
    if not value:
        return None
    try:
        time_s = float(value)
    except ValueError:
        raise BadHeader("X-OC-Mtime") from None
    if not math.isfinite(time_s) or not 0 <= time_s <= MOST_MTIME_S:
        raise BadHeader("X-OC-Mtime")
    return time_s


def checksums_of(value: str) -> dict[str, bytes]:
    """`SHA1:…`, as ownCloud and Nextcloud write it. A kind that we do not know is not compared."""
    kind, _, text = value.strip().partition(":")
    size_bytes = CHECKSUM_BYTES.get(kind.upper())
    if size_bytes is None:
        return {}
    try:
        digest = bytes.fromhex(text)
    except (ValueError, binascii.Error):
        raise BadHeader("OC-Checksum") from None
    if len(digest) != size_bytes:
        raise BadHeader("OC-Checksum")
    return {kind.lower(): digest}


def length_of(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise BadHeader("Content-Length")
    return int(value)


async def mkcol(request: DavRequest) -> None:
    if await request.body():
        raise UnsupportedMediaType
    path = await request.path()
    names = request.target.names
    if len(path) > len(names):
        raise NameTaken
    parent = parent_of(path, names)
    await request.expected(path)
    made = await request.service.tree.make_folder(request.actor, parent.id, names[-1], tokens=request.tokens)
    await request.wrote(201, made)


def _need_all_of(request: DavRequest, node: Node) -> None:
    """A folder goes with all that is in it; a file has no depth (RFC 4918, 9.6.1 and 9.9.2)."""
    depth = read_depth(request.header("depth"), "infinity")
    if depth != "infinity" and not node.is_file:
        raise BadHeader("Depth")


async def delete(request: DavRequest) -> None:
    path = await request.path()
    expected = await request.expected(path)
    if len(path) <= len(request.target.names):
        raise NotFound
    _need_all_of(request, path[-1])
    if is_mount(path):
        await request.service.sharing.leave(request.actor, path[-1].id)
        await request.answer(204)
        return
    await request.service.trash.put(request.actor, [path[-1].id], tokens=request.tokens, expected=expected)
    await request.answer(204)


async def move(request: DavRequest) -> None:
    source, parent, target = await _both_ends(request)
    _need_all_of(request, source)
    expected = await request.expected(await request.path())
    placed = await request.service.moving.move(
        request.actor,
        source.id,
        parent.id,
        target.names[-1],
        overwrite=request.overwrite,
        tokens=request.tokens,
        expected=expected,
        to=target.actor,
    )
    await _placed(request, placed, target)


async def copy(request: DavRequest) -> None:
    depth = read_depth(request.header("depth"), "infinity")
    if depth == "1":
        raise BadHeader("Depth")
    source, parent, target = await _both_ends(request)
    await request.expected(await request.path())
    placed = await request.service.moving.copy(
        request.actor,
        source.id,
        parent.id,
        target.names[-1],
        is_deep=depth == "infinity",
        overwrite=request.overwrite,
        tokens=request.tokens,
        to=target.actor,
    )
    await _placed(request, placed, target)


async def _both_ends(request: DavRequest) -> tuple[Node, Node, Target]:
    """The source, the folder that shall hold the target, and the target."""
    target = request.destination()
    source = await request.found()
    # The whole of what was granted can be copied to where another right reaches, and never moved.
    is_elsewhere = target.actor.grants != request.actor.grants and request.scope["method"] == "COPY"
    if not target.names or not (request.target.names or is_elsewhere):
        raise TopStays
    parent = parent_of(await request.path(target), target.names)
    if (target.base, target.names) == (request.target.base, request.target.names):
        raise SameResource
    return source, parent, target


class SameResource(BadRequest):
    """Source and destination are one (RFC 4918, sections 9.8.5 and 9.9.4)."""

    status, code = 403, "drive.same_resource"


async def _placed(request: DavRequest, placed: Placed, target: Target) -> None:
    href = href_of(target.base, target.names, is_file=placed.node.is_file)
    headers: Headers = [(b"etag", f'"{placed.node.etag}"'.encode()), (b"location", href.encode())]
    await request.wrote(204 if placed.has_replaced else 201, placed.node, headers)
