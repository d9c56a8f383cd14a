"""Forms with files, streamed to the disk as they come: `POST /drive/upload/<folder>`.

Parts: `path` (optional, a folder path below the folder, made when missing), `modified`
(optional, milliseconds UTC), then one or more `file`. Each file is whole or not at all;
a name that is taken gets a number. Browsers are led back; programs get JSON.
"""

import math
from collections.abc import AsyncIterator
from functools import partial

import msgspec
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from synfonium.apps.drive.errors import Cut
from synfonium.apps.drive.http.service import MOST_CHOSEN, SHARED, service_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Incoming
from synfonium.common.problem import BadInput, NotFound, SignInNeeded
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, body_pieces, raw_path, respond
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _
from synfonium.kernel.problems import telling_problems, wants_page
from synfonium.kernel.refusals import MethodNotAllowed

PREFIX = "/drive/upload/"
FIELD_BYTES = 8 * 1024


class Sent(msgspec.Struct, frozen=True):
    """One file that arrived, under the name that it got."""

    node: str
    name: str
    size_bytes: int


class Fields(msgspec.Struct):
    """What stands before the files of a form."""

    path: str = ""
    modified: str = ""

    def names(self) -> list[str]:
        return [name for name in self.path.split("/") if name]

    def modified_s(self) -> float | None:
        try:
            time_s = float(self.modified) / 1000 if self.modified else math.nan
        except ValueError:
            raise BadInput("modified", "") from None
        return time_s if 0 <= time_s < 253_402_300_799 else None


def asgi_app(context: Context) -> ASGIApp:
    """The door, for one process."""
    return telling_problems(partial(_answer, context), context.pages)


async def _answer(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["method"] != "POST":
        raise MethodNotAllowed
    actor = await context.authenticate(scope)
    if actor is None:
        raise SignInNeeded
    service, name = service_of(context), raw_path(scope).decode("ascii", "replace").removeprefix(PREFIX)
    if not name.isalnum():
        raise NotFound
    folder = await _for_shared(context, scope, actor) if name == SHARED else NodeId(name)
    sent = await receive_form(service, actor, folder, scope, receive)
    if wants_page(scope):
        place = f"/drive/node/{folder}?done=sent&count={len(sent)}"
        await respond(send, 303, [(b"location", place.encode())])
    else:
        await respond(send, 200, [(b"content-type", b"application/json")], msgspec.json.encode(sent))


async def _for_shared(context: Context, scope: Scope, actor: Person) -> NodeId:
    """Where files of other apps of the device go, made when it is missing; in the language of its reader."""
    tree = service_of(context).tree
    name = _("Sent here")
    if context.pages is not None:
        name = context.pages.catalogue(context.pages.reader(scope).locale).gettext(name)
    return await tree.ensure_folders(actor, (await tree.top(actor)).id, [name])


async def receive_form(
    service: DriveService, actor: Person, folder: NodeId, scope: Scope, receive: Receive
) -> list[Sent]:
    """Writes the files of the form. Raises BadInput for what is not such a form, Cut."""
    headers = dict(scope["headers"])
    kind, options = parse_options_header(headers.get(b"content-type", b"").decode("latin-1"))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise BadInput("content-type", "")
    form = _Form(
        PushMultipartParser(options["boundary"], max_segment_count=MOST_CHOSEN, strict=True), receive
    )
    sent: list[Sent] = []
    fields = Fields()
    try:
        while (part := await form.next_part()) is not None:
            if part.filename:
                sent.append(await _write(service, actor, folder, part.filename, fields, form))
            elif part.name in ("path", "modified"):
                setattr(fields, part.name, await form.text())
    except MultipartError:
        raise BadInput("form", "") from None
    except ConnectionError:
        raise Cut from None
    if not sent:
        raise BadInput("file", _("No file was sent."))
    return sent


async def _write(
    service: DriveService, actor: Person, folder: NodeId, filename: str, fields: Fields, form: "_Form"
) -> Sent:
    parent = await service.tree.ensure_folders(actor, folder, fields.names())
    # Some browsers send the whole path of the file.
    name = filename.replace("\\", "/").rpartition("/")[2]
    incoming = Incoming(modified_s=fields.modified_s())
    written = await service.files.write(actor, parent, name, form.pieces(), incoming, when_taken="number")
    return Sent(written.node.id, written.node.name, written.node.size_bytes)


class _Form:
    """A form read part by part, nothing of it kept."""

    def __init__(self, parser: PushMultipartParser, receive: Receive) -> None:
        self._parser = parser
        self._events = self._read(receive)

    async def _read(self, receive: Receive) -> AsyncIterator[MultipartSegment | bytes | bytearray | None]:
        async for piece in body_pieces(receive):
            for event in self._parser.parse(piece):
                yield event
        self._parser.close()

    async def next_part(self) -> MultipartSegment | None:
        """The next part, skipping what was not read of the one before; None at the end."""
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                return event
        return None

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the part."""
        async for event in self._events:
            if event is None:
                return
            if not isinstance(event, MultipartSegment):
                yield bytes(event)
        raise Cut

    async def text(self) -> str:
        """A short part. Raises BadInput."""
        value = bytearray()
        async for piece in self.pieces():
            value += piece
            if len(value) > FIELD_BYTES:
                raise BadInput("path", "")
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise BadInput("path", "") from None
