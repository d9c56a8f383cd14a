"""Uploads by chunks: `/remote.php/dav/uploads/NAME/TRANSFER/CHUNK`, put together by MOVE of `.file`.

Older clients count chunks from 0 and say where each begins, or call each by where it begins, some also
by where it ends; newer ones count from 1 and say with each request where the file will be.
"""

import msgspec

from synfonium.apps.drive.errors import Cut, WrongState
from synfonium.apps.drive.model import ABSENT, Part, Upload
from synfonium.apps.drive.nextcloud.properties import FOOT, HEAD, response
from synfonium.apps.drive.nextcloud.request import NextcloudRequest, files_target
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.webdav import door
from synfonium.apps.drive.webdav.request import XML_TYPE, Target, href_of
from synfonium.apps.drive.webdav.write import checksums_of, length_of, mtime_of, parent_of
from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, Scope, Send, body_pieces, raw_path
from synfonium.kernel.context import Context
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.headers import BadHeader, destination_path, http_date
from synfonium.libraries.webdav.paths import quote_name, split_path

DOOR = "nextcloud"
WHOLE = ".file"
MOST_NAME = 200
MOST_DIGITS = 16


class UploadThere(Problem):
    """A transfer of that name was begun already."""

    status, code = 405, "drive.upload_there"


class Chunks(msgspec.Struct, frozen=True):
    """One request about a transfer. chunk: the name below it, "" for the transfer itself."""

    request: NextcloudRequest
    transfer: str
    chunk: str

    async def upload(self) -> Upload:
        """Raises NoSuchUpload."""
        return await self.request.service.uploads.find(self.request.actor, self.transfer, DOOR)

    @property
    def number(self) -> int:
        """Raises NotFound for what is no chunk."""
        begins, dash, ends = self.chunk.partition("-")
        for text in (begins, ends) if dash else (begins,):
            if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
                raise NotFound
        return int(begins)

    @property
    def begins(self) -> int | None:
        """Where it begins, when a header or its name (`BEGIN-END`) says so. Raises BadHeader."""
        said = self.request.header("oc-chunk-offset")
        return self.number if "-" in self.chunk and not said else _offset(said)


async def answer(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    names = split_path(raw_path(scope))[3:]
    if not 2 <= len(names) <= 3 or names[0] != actor.name or len(names[1]) > MOST_NAME:
        raise NotFound
    target = Target(f"/remote.php/dav/uploads/{quote_name(actor.name)}", names[1:], actor)
    request = NextcloudRequest(context.service, actor, target, scope, receive, send)
    chunks = Chunks(request, names[1], names[2] if len(names) == 3 else "")
    method = {
        ("MKCOL", False): begin,
        ("PUT", True): put,
        ("MOVE", True): move,
        ("DELETE", False): abort,
        ("DELETE", True): remove,
        ("PROPFIND", False): listing,
    }.get((scope["method"], bool(chunks.chunk)))
    if method is None:
        raise MethodNotAllowed
    await method(chunks)


async def begin(chunks: Chunks) -> None:
    request = chunks.request
    await request.body()
    total_bytes = length_of(request.header("oc-total-length"))
    try:
        await request.service.uploads.begin(
            request.actor, DOOR, name=chunks.transfer, total_bytes=total_bytes
        )
    except WrongState:
        raise UploadThere from None
    await request.answer(201)


async def put(chunks: Chunks) -> None:
    request, number = chunks.request, chunks.number
    upload = await chunks.upload()
    try:
        part = await request.service.uploads.put_part(
            request.actor,
            upload,
            number,
            body_pieces(request.receive),
            announced_bytes=length_of(request.header("content-length")),
            offset_bytes=chunks.begins,
            expected=checksums_of(request.header("oc-checksum")),
        )
    except ConnectionError:
        raise Cut from None
    etag = f'"{part.md5}"'.encode()
    await request.answer(201, [(b"etag", etag), (b"oc-etag", etag)])


def _offset(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise BadHeader("OC-Chunk-Offset")
    return int(value)


async def move(chunks: Chunks) -> None:
    """Puts the file together, in its place; the old one stays until then."""
    if chunks.chunk != WHOLE:
        raise NotFound
    upload = await chunks.upload()
    request = _at_destination(chunks.request)
    names = request.target.names
    try:
        path = await request.path()
        parent = parent_of(path, names)
        expected = await request.expected(path)
        if not request.overwrite:
            expected = ABSENT
        written = await request.service.uploads.finish(
            request.actor,
            upload,
            None,
            parent.id,
            names[-1],
            _incoming(request),
            expected=expected,
            tokens=request.tokens,
        )
    except Problem as problem:
        raise door.as_dav("PUT", problem, request.target) from None
    headers: Headers = [(b"etag", f'"{written.node.etag}"'.encode())]
    if "x-oc-mtime" in request.headers:
        headers.append((b"x-oc-mtime", b"accepted"))
    await request.wrote(201 if written.is_new else 204, written.node, headers)


def _at_destination(request: NextcloudRequest) -> NextcloudRequest:
    """The same request as one about the file to be. Raises BadHeader, NotFound."""
    raw = destination_path(request.header("destination"), *request.hosts())
    target = files_target(raw, request.actor)
    return request.at(target)


def _incoming(request: NextcloudRequest) -> Incoming:
    return Incoming(
        modified_s=mtime_of(request.header("x-oc-mtime")),
        checksums=checksums_of(request.header("oc-checksum")),
        announced_bytes=length_of(request.header("oc-total-length")),
    )


async def abort(chunks: Chunks) -> None:
    await chunks.request.service.uploads.abort(chunks.request.actor, await chunks.upload())
    await chunks.request.answer(204)


async def remove(chunks: Chunks) -> None:
    upload, number = await chunks.upload(), chunks.number
    await chunks.request.service.uploads.remove_part(chunks.request.actor, upload, number)
    await chunks.request.answer(204)


async def listing(chunks: Chunks) -> None:
    """What came already, so that a client goes on from there."""
    request = chunks.request
    await request.body()
    upload = await chunks.upload()
    parts = await request.service.uploads.parts(request.actor, upload)
    base = href_of(request.target.base, request.target.names, is_file=False)
    top = response(base, "<d:resourcetype><d:collection/></d:resourcetype>")
    text = "".join([_part(base, part) for part in parts])
    await request.answer(207, [XML_TYPE], f"{HEAD}{top}{text}{FOOT}".encode())


def _part(base: str, part: Part) -> str:
    found = (
        f"<d:resourcetype/><d:getcontentlength>{part.size_bytes}</d:getcontentlength>"
        f"<d:getetag>&quot;{part.md5}&quot;</d:getetag>"
        f"<d:getlastmodified>{http_date(int(part.made_s))}</d:getlastmodified>"
    )
    return response(f"{base}{_name(part)}", found)


def _name(part: Part) -> str:
    """As the client called it: with an offset, 16 digits from 0."""
    return f"{part.number:016d}" if part.offset_bytes is not None else f"{part.number:05d}"
