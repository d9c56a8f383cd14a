"""The archive itself, for its person alone: `GET /settings/data/archive/<id>`, with ranges."""

import asyncio
import os
from functools import partial
from pathlib import Path

from synfonium.apps.yourdata.errors import NoSuchArchive
from synfonium.apps.yourdata.model import Asked
from synfonium.apps.yourdata.service import YourdataService
from synfonium.common.problem import Forbidden, Problem, SignInNeeded
from synfonium.kernel.asgi import ASGIApp, Headers, Receive, Scope, Send, raw_path
from synfonium.kernel.context import Context
from synfonium.kernel.problems import telling_problems
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.libraries.webdav.headers import BadHeader
from synfonium.libraries.webdav.representation import answer_get

PREFIX = "/settings/data/archive/"
PIECE_BYTES = 1024 * 1024


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    return telling_problems(partial(_answer, context), context.pages)


async def _answer(context: Context, scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        raise MethodNotAllowed
    actor = await context.authenticate(scope)
    if actor is None:
        raise SignInNeeded
    if not actor.by_session:
        raise Forbidden  # an app's token never reaches everything at once
    service: YourdataService = context.service
    id_ = raw_path(scope).decode("ascii", "replace").removeprefix(PREFIX)
    asked = await service.archives.one(actor.id, id_)
    await send_archive(service, asked, actor.name, scope, send)


async def send_archive(service: YourdataService, asked: Asked, name: str, scope: Scope, send: Send) -> None:
    """The archive of who is called `name`, or the range of it that is asked for. Raises NoSuchArchive."""
    if asked.state != "ready":
        raise NoSuchArchive
    await _send(service.archives.path(asked.id), asked.id, asked.asked_s, name, scope, send)


async def _send(path: Path, etag: str, time_s: float, name: str, scope: Scope, send: Send) -> None:
    try:
        file = await asyncio.to_thread(path.open, "rb", 0)
    except FileNotFoundError:
        raise NoSuchArchive from None
    with file:
        asked = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        size_bytes = os.fstat(file.fileno()).st_size
        try:
            answer = answer_get(asked, etag=f'"{etag}"', modified_s=time_s, size_bytes=size_bytes)
        except BadHeader:
            raise Problem from None
        described: Headers = [
            (b"content-type", b"application/zip"),
            (b"content-disposition", f'attachment; filename="{name}-synfonium.zip"'.encode()),
            (b"cache-control", b"private, no-store"),
        ]
        headers = [*answer.headers, *(described if answer.body else ())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.body is not None and scope["method"] == "GET":
            at = answer.body.start
            while at < answer.body.stop:
                want = min(PIECE_BYTES, answer.body.stop - at)
                piece = await asyncio.to_thread(os.pread, file.fileno(), want, at)
                if not piece:
                    break
                at += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
