"""Many small files in one request: `POST /remote.php/dav/bulk`. Each is written or refused by itself."""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from synfonium.apps.drive.errors import Cut
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.nextcloud.multipart import BadMultipart, Multipart, boundary_of
from synfonium.apps.drive.nextcloud.request import file_id, permissions_of
from synfonium.apps.drive.nextcloud.status import JSON_TYPE
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.webdav.refusals import BadRequest
from synfonium.apps.drive.webdav.write import checksums_of, mtime_of, parent_of
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Receive, Scope, Send, body_pieces, respond
from synfonium.kernel.context import Context
from synfonium.kernel.problems import words
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.paths import MAX_PATH_BYTES, BadPath

MOST_FILES = 100
HELD_BYTES = 256 * 1024
AT_ONCE = 16
Told = dict[str, object]


async def answer(context: Context, actor: Person, scope: Scope, receive: Receive, send: Send) -> None:
    """Path to what came of it. After what is no part any more, the rest is left: status 400."""
    if scope["method"] != "POST":
        raise MethodNotAllowed
    kind = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"content-type"), "")
    bulk = _Bulk(context, actor, scope)
    status = 200
    try:
        body = Multipart(body_pieces(receive), boundary_of(kind))
        while (headers := await body.part()) is not None:
            await bulk.take(headers, body)
    except BadMultipart as fault:
        if not bulk.files:
            raise BadRequest(reason=str(fault)) from None
        status = 400
    except ConnectionError:
        raise Cut from None
    finally:
        told = await bulk.end()
    await respond(send, status, [JSON_TYPE], msgspec.json.encode(told))


class _Bulk:
    """Small files wait for the disk together; each commit is still its own."""

    def __init__(self, context: Context, actor: Person, scope: Scope) -> None:
        self._context, self._actor, self._scope = context, actor, scope
        self._free = asyncio.Semaphore(AT_ONCE)
        self.files: dict[str, asyncio.Task[Told]] = {}

    async def take(self, headers: dict[str, str], body: Multipart) -> None:
        """Reads one file and begins to write it. Raises BadMultipart, ConnectionError."""
        path = headers.get("x-file-path", "")
        if path in self.files:
            raise BadMultipart("a file that came already")
        if len(self.files) >= MOST_FILES:
            raise BadMultipart("too many files")
        if int(headers["content-length"]) > HELD_BYTES:
            self.files[path] = task = asyncio.create_task(self._one(headers, body.body()))
            await asyncio.wait([task])
            return
        await self._free.acquire()
        content = b"".join([piece async for piece in body.body()])
        self.files[path] = task = asyncio.create_task(self._one(headers, _piece(content)))
        task.add_done_callback(lambda _: self._free.release())

    async def end(self) -> dict[str, Told]:
        """What came of each. Raises what is no refusal of one file."""
        ended = await asyncio.gather(*self.files.values(), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return {path: task.result() for path, task in self.files.items()}

    async def _one(self, headers: dict[str, str], pieces: AsyncIterator[bytes]) -> Told:
        """One file, or why not."""
        try:
            node = await _write(self._context.service, self._actor, headers, pieces)
        except Problem as problem:
            if problem.status >= 500 and problem.status != 507:
                raise
            return {"error": True, "message": _said(self._context, self._scope, problem)}
        except (BadHeader, BadPath) as fault:
            return {"error": True, "message": str(fault)}
        return {
            "error": False,
            "etag": node.etag,
            "fileid": file_id(node),
            "permissions": permissions_of(node),
        }


async def _piece(content: bytes) -> AsyncIterator[bytes]:
    if content:
        yield content


async def _write(
    service: DriveService, actor: Person, headers: dict[str, str], pieces: AsyncIterator[bytes]
) -> Node:
    names = _names(headers.get("x-file-path", ""))
    incoming = Incoming(
        modified_s=mtime_of(headers.get("x-file-mtime", "")),
        checksums=_checksums(headers),
        announced_bytes=int(headers["content-length"]),
    )
    parent = parent_of(await service.tree.resolve(actor, names), names)
    return (await service.files.write(actor, parent.id, names[-1], pieces, incoming)).node


def _names(path: str) -> tuple[str, ...]:
    """Raises BadPath, as for the path of a PUT."""
    names = tuple(path.removeprefix("/").split("/"))
    if len(path.encode()) > MAX_PATH_BYTES or any(name in ("", ".", "..") or "\0" in name for name in names):
        raise BadPath("X-File-Path")
    return names


def _checksums(headers: dict[str, str]) -> dict[str, bytes]:
    """Raises BadHeader when there is none: a file of which nothing is known is not taken."""
    found = checksums_of(headers.get("oc-checksum", ""))
    if "x-file-md5" in headers:
        found |= checksums_of(f"MD5:{headers['x-file-md5']}")
    if not found:
        raise BadHeader("X-File-MD5")
    return found


def _said(context: Context, scope: Scope, problem: Problem) -> str:
    if context.pages is None:
        return problem.title
    title, remedy = words(problem, context.pages.catalogue(context.pages.reader(scope).locale))
    return f"{title} {remedy}".strip()
