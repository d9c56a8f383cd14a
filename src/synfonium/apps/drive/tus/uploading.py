"""The life of one upload: begun, gone on with, whole."""

import math
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from synfonium.apps.drive.errors import ChecksumMismatch, NoSuchUpload, WrongState
from synfonium.apps.drive.model import ABSENT, Node, NodeId, Upload
from synfonium.apps.drive.model.names import with_number
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Incoming
from synfonium.apps.drive.service.places import checked_name
from synfonium.apps.drive.tus.words import (
    Note,
    PartDamaged,
    WrongOffset,
    checksum_of,
    expires,
    length_of,
    metadata_of,
)
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.asgi import Headers, Receive, body_pieces

DOOR = "tus"
_BODY_TYPE = "application/offset+octet-stream"
_KEPT_DONE = 1_000
_MOST_NUMBERS = 100


class TusRequest(msgspec.Struct, frozen=True):
    """name: the id of the upload, empty for a new one."""

    actor: Person
    name: str
    headers: Mapping[str, str]
    receive: Receive


class Done(msgspec.Struct, frozen=True):
    """An upload that became a file, for the client that lost the answer that said so."""

    person: PersonId
    size_bytes: int
    node: NodeId


class Uploading:
    """For one process."""

    def __init__(self, service: DriveService) -> None:
        self._service = service
        self._done: OrderedDict[str, Done] = OrderedDict()

    @property
    def most_bytes(self) -> int:
        return self._service.room.config.max_file_bytes

    async def begin(self, request: TusRequest) -> tuple[int, Headers]:
        """Raises BadInput for a folder or a name that cannot be, and as `Uploads.begin`."""
        total = length_of(request.headers, "upload-length")
        said = request.headers.get("upload-metadata", "")
        note = await self._note(request, metadata_of(said), said)
        try:
            upload = await self._service.uploads.begin(
                request.actor, DOOR, total_bytes=total, note=msgspec.json.encode(note)
            )
        except ValueError:
            raise BadInput("upload-metadata", "") from None
        headers: Headers = [(b"location", f"/drive/tus/{upload.name}".encode()), *expires(upload)]
        has_body = request.headers.get("content-type") == _BODY_TYPE
        if not has_body and total:
            return 201, headers
        offset, more = (
            await self._take(request, upload) if has_body else (0, await self._close(request, upload))
        )
        return 201, [*headers, (b"upload-offset", b"%d" % offset), *more]

    async def _note(self, request: TusRequest, said: Mapping[str, str], whole: str) -> Note:
        folder = said.get("folder") or (await self._service.tree.top(request.actor)).id
        await self._service.tree.node(request.actor, NodeId(folder))
        names = [part for part in said.get("path", "").split("/") if part]
        for name in names:
            checked_name(name)
        name = checked_name(said.get("filename") or said.get("name") or "")
        return Note(folder, name, tuple(names), _time_s(said.get("modified", "")), whole)

    async def look(self, request: TusRequest) -> tuple[int, Headers]:
        """How much has arrived."""
        done = self._done.get(request.name)
        if done is not None and done.person == request.actor.id:
            count = b"%d" % done.size_bytes
            return 200, [(b"upload-offset", count), (b"upload-length", count), _node(done.node)]
        upload = await self._service.uploads.find(request.actor, request.name, DOOR)
        note = msgspec.json.decode(upload.note, type=Note)
        headers: Headers = [
            (b"upload-offset", b"%d" % upload.held_bytes),
            (b"upload-length", b"%d" % (upload.total_bytes or 0)),
            *([(b"upload-metadata", note.metadata.encode("latin-1"))] if note.metadata else []),
        ]
        return 200, [*headers, *expires(upload)]

    async def go_on(self, request: TusRequest) -> tuple[int, Headers]:
        """Takes bytes from where the ones before ended. Raises WrongOffset, PartDamaged, BadInput."""
        if request.headers.get("content-type") != _BODY_TYPE:
            raise BadInput("content-type", "")
        upload = await self._service.uploads.find(request.actor, request.name, DOOR)
        if length_of(request.headers, "upload-offset") != upload.held_bytes:
            raise WrongOffset
        offset, headers = await self._take(request, upload)
        return 204, [(b"upload-offset", b"%d" % offset), *headers]

    async def _take(self, request: TusRequest, upload: Upload) -> tuple[int, Headers]:
        """How much has arrived now, and what else to say."""
        uploads, announced = self._service.uploads, request.headers.get("content-length", "")
        number = len(await uploads.parts(request.actor, upload)) + 1
        try:
            part = await uploads.put_part(
                request.actor,
                upload,
                number,
                body_pieces(request.receive),
                announced_bytes=length_of(request.headers, "content-length") if announced else None,
                offset_bytes=upload.held_bytes,
                expected=checksum_of(request.headers.get("upload-checksum", "")),
                replaces=False,
                keeps_cut=True,
            )
        except WrongState:
            raise WrongOffset from None
        except ChecksumMismatch:
            raise PartDamaged from None
        if not part.size_bytes:
            await uploads.remove_part(request.actor, upload, number)
        offset = upload.held_bytes + part.size_bytes
        if offset != upload.total_bytes:
            found = await uploads.find(request.actor, upload.name, DOOR)
            return offset, expires(found)
        return offset, await self._close(request, upload)

    async def _close(self, request: TusRequest, upload: Upload) -> Headers:
        """The file of what came."""
        note = msgspec.json.decode(upload.note, type=Note)
        node = await self._finish(request.actor, upload, note)
        self._done[upload.name] = Done(request.actor.id, upload.total_bytes or 0, node.id)
        if len(self._done) > _KEPT_DONE:
            self._done.popitem(last=False)
        return [_node(node.id)]

    async def _finish(self, actor: Person, upload: Upload, note: Note) -> Node:
        """Under a name that is free: somebody else's file of that name stays."""
        service, incoming = self._service, Incoming(modified_s=note.modified_s)
        parent = await service.tree.ensure_folders(actor, NodeId(note.folder), note.path)
        for number in range(1, _MOST_NUMBERS):
            name = note.name if number == 1 else with_number(note.name, number)
            if await service.tree.member(parent, name) is not None:
                continue
            try:
                written = await service.uploads.finish(
                    actor, upload, None, parent, name, incoming, expected=ABSENT
                )
            except WrongState:
                continue  # made by somebody just now
            return written.node
        raise NoSuchUpload

    async def give_up(self, request: TusRequest) -> tuple[int, Headers]:
        upload = await self._service.uploads.find(request.actor, request.name, DOOR)
        await self._service.uploads.abort(request.actor, upload)
        return 204, []


def _node(node: NodeId) -> tuple[bytes, bytes]:
    return b"synfonium-node", node.encode()


def _time_s(text: str) -> float | None:
    """Milliseconds UTC, as browsers tell a file's time."""
    try:
        time_s = float(text) / 1000 if text else math.nan
    except ValueError:
        return None
    return time_s if 0 <= time_s < 253_402_300_799 else None
