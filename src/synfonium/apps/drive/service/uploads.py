"""Uploads in parts: one room for every door that takes a file piece by piece.

What came is sealed and counted like a file until the whole stands in its place; then the
parts go in the same commit. What nothing came for during a day is swept away.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from operator import itemgetter

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import (
    BadParts,
    NoSuchUpload,
    TooMany,
    TooManyUploads,
    WrongState,
)
from synfonium.apps.drive.model import ANY, BlobName, Expected, NodeId, Part, Space, Upload, UploadId
from synfonium.apps.drive.service.batch import Freeing, Written
from synfonium.apps.drive.service.files import Files, Incoming
from synfonium.apps.drive.service.parts import Coming, check_whole, chosen
from synfonium.apps.drive.service.places import NO_TOKENS
from synfonium.apps.drive.service.room import Reach, Room
from synfonium.apps.drive.store import uploads
from synfonium.common.ids import new_id
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.refusals import TooLarge

MOST_PARTS = 10_000
MOST_OPEN = 1_000
MOST_NOTE_BYTES = 4 * 1024
Most = tuple[int, Problem] | None
"""How many bytes a part may have, and what to say of more."""

Sums = Callable[[], Mapping[str, str]]
"""Kinds to checksums, in base64."""

IDLE_S = 24 * 3600.0
AT_ONCE = 50


def no_sums() -> Mapping[str, str]:
    return {}


class Uploads:
    """Uploads of one actor's reach. door: who began it, and alone finds it again."""

    def __init__(self, room: Room, files: Files) -> None:
        self._room, self._files = room, files

    async def begin(
        self, actor: Person, door: str, *, name: str = "", total_bytes: int | None = None, note: bytes = b""
    ) -> Upload:
        """name: the client's own for it, at most 200 characters; its id when there is none.

        Raises WrongState when the name is taken, TooManyUploads, TooLarge, QuotaExceeded, and
        ValueError for a longer name or note.
        """
        if len(name) > 200 or len(note) > MOST_NOTE_BYTES:
            raise ValueError("longer than is kept")
        reach = await self._room.reach(actor, write=True)
        now_s = self._room.now_s()
        id_ = UploadId(new_id(now_s))
        upload = Upload(
            id=id_,
            space=reach.space.id,
            top=reach.top,
            door=door,
            name=name or id_,
            total_bytes=total_bytes,
            note=note,
            began_s=now_s,
            active_s=now_s,
            held_bytes=0,
        )
        limit = self._room.config.max_file_bytes
        if limit and (total_bytes or 0) > limit:
            raise TooLarge
        await self._room.context.database.write(lambda c: self._add(c, reach, upload))
        return upload

    def _add(self, connection: Connection, reach: Reach, upload: Upload) -> None:
        if uploads.named(connection, upload.space, upload.top, upload.door, upload.name):
            raise WrongState
        if uploads.count(connection, upload.space) >= MOST_OPEN:
            raise TooManyUploads
        self._room.allowances.need_room(connection, reach.space, reach.allowance, upload.total_bytes or 0)
        uploads.add(connection, upload)

    async def find(self, actor: Person, name: str, door: str) -> Upload:
        """The upload of that name, or id where it was begun without one. Raises NoSuchUpload."""
        reach = await self._room.reach(actor, write=True)
        found = await self._room.read(lambda c: uploads.named(c, reach.space.id, reach.top, door, name))
        if found is None:
            raise NoSuchUpload
        return found

    async def listing(self, actor: Person, door: str, *, after: str = "", limit: int = 1000) -> list[Upload]:
        """What is not finished, the oldest first; after: the id of the last one of the page before."""
        reach = await self._room.reach(actor)
        return await self._room.read(
            lambda c: uploads.listing(c, reach.space.id, reach.top, door, after=after, limit=limit)
        )

    async def parts(self, actor: Person, upload: Upload) -> list[Part]:
        """In the order of their numbers. Raises NoSuchUpload."""
        reach = await self._room.reach(actor)

        def work(connection: Connection) -> list[Part]:
            _mine(connection, reach, upload)
            return uploads.parts_of(connection, upload.id)

        return await self._room.read(work)

    async def put_part(
        self,
        actor: Person,
        upload: Upload,
        number: int,
        pieces: AsyncIterator[bytes],
        *,
        announced_bytes: int | None = None,
        offset_bytes: int | None = None,
        expected: Mapping[str, bytes] | None = None,
        replaces: bool = True,
        keeps_cut: bool = False,
        sums: Sums = no_sums,
    ) -> Part:
        """Takes a part, durable when this returns; one sent again takes the place of the first.

        number: 0 to 10,000, or where the part begins in the whole. expected: kind of checksum to
        digest. replaces: False raises WrongState when the number is taken. keeps_cut: what came
        before the client went is kept, unless it has a checksum. sums: asked when all has come, for
        what is kept of it besides. Raises NoSuchUpload, TooMany, Cut,
        ChecksumMismatch, QuotaExceeded, TooLarge, StorageFull.
        """
        if number < 0 or (number > MOST_PARTS and number != offset_bytes):
            raise TooMany
        reach = await self._room.reach(actor, write=True)
        most = await self._room.read(lambda c: self._most_bytes(c, reach, upload, number))
        incoming = Coming(pieces, expected or {}, announced_bytes, is_kept=keeps_cut and not expected)
        _check(announced_bytes or 0, most)
        async with self._room.gate.upload():
            checked = self._limited(incoming, most)
            blob = await self._room.sealed.write(await self._room.key(reach.space), checked)
            part = Part(
                upload=upload.id,
                number=number,
                blob=BlobName(blob.name),
                size_bytes=blob.size_bytes,
                offset_bytes=offset_bytes,
                md5=(incoming.sums.digest("md5") or b"").hex(),
                made_s=self._room.now_s(),
                sums="\n".join(f"{kind} {value}" for kind, value in sums().items()),
            )
            await self._room.context.database.write(lambda c: self._put(c, reach, upload, part, replaces))
        return part

    def _most_bytes(self, connection: Connection, reach: Reach, upload: Upload, number: int) -> Most:
        """How long the part may be. Raises NoSuchUpload, TooMany."""
        now = _mine(connection, reach, upload)
        old = uploads.part(connection, upload.id, number)
        if old is None and uploads.count_parts(connection, upload.id) >= MOST_PARTS:
            raise TooMany
        instead = old.size_bytes if old else 0
        others = now.held_bytes - instead
        free, refusal = self._room.allowances.left(connection, reach.space, reach.allowance)
        limits: list[tuple[int, Problem]] = [] if free is None else [(free + instead, refusal)]
        if self._room.config.max_file_bytes:
            limits.append((self._room.config.max_file_bytes - others, TooLarge()))
        if now.total_bytes is not None:
            limits.append((now.total_bytes - others, BadParts()))
        return min(limits, key=itemgetter(0), default=None)

    async def _limited(self, incoming: Coming, most: Most) -> AsyncIterator[bytes]:
        async for piece in incoming.pieces():
            _check(incoming.count, most)
            yield piece

    def _put(self, connection: Connection, reach: Reach, upload: Upload, part: Part, replaces: bool) -> None:
        _mine(connection, reach, upload)
        old = uploads.part(connection, upload.id, part.number)
        if old is not None and not replaces:
            raise WrongState
        added = part.size_bytes - (old.size_bytes if old else 0)
        self._room.allowances.need_room(connection, reach.space, reach.allowance, added)
        uploads.put(connection, reach.space.id, part, old)

    async def remove_part(self, actor: Person, upload: Upload, number: int) -> None:
        """Raises NoSuchUpload, also for a part that did not come."""
        reach = await self._room.reach(actor, write=True)

        def work(connection: Connection) -> None:
            _mine(connection, reach, upload)
            part = uploads.part(connection, upload.id, number)
            if part is None:
                raise NoSuchUpload
            uploads.remove_part(connection, part, now_s=self._room.now_s())

        await self._room.context.database.write(work)

    async def finish(
        self,
        actor: Person,
        upload: Upload,
        numbers: Sequence[int] | None,
        parent: NodeId,
        name: str,
        incoming: Incoming | None = None,
        *,
        expected: Expected = ANY,
        tokens: frozenset[str] = NO_TOKENS,
        heard: Callable[[bytes], None] | None = None,
    ) -> Written:
        """Makes the file of these parts, in one commit with their going; else nothing has changed.

        numbers: ascending; None for all that came, without a gap from 0 or 1 on. heard: gets the
        whole, piece by piece. Raises NoSuchUpload, BadParts, and as `Files.write`.
        """
        reach = await self._room.reach(actor, write=True)
        came = await self.parts(actor, upload)
        those = chosen(came, numbers)
        check_whole(those, upload, incoming or Incoming())
        pieces = self._content(reach.space, those, heard)
        # What goes into another's space makes no room there.
        into = await self._room.reach(actor, write=True, at=parent)
        held_bytes = sum(part.size_bytes for part in came) if into.space.id == reach.space.id else 0
        freeing = Freeing(held_bytes=held_bytes, run=lambda c: self._free(c, reach, upload, came))
        written = self._files.write
        return await written(
            actor, parent, name, pieces, incoming, expected=expected, tokens=tokens, freeing=freeing
        )

    def _free(self, connection: Connection, reach: Reach, upload: Upload, came: list[Part]) -> None:
        """Drops the upload, if it is still what was read. Raises NoSuchUpload, WrongState."""
        _mine(connection, reach, upload)
        if uploads.parts_of(connection, upload.id) != came:
            raise WrongState
        uploads.drop(connection, upload.id, now_s=self._room.now_s())

    async def _content(
        self, space: Space, parts: Sequence[Part], heard: Callable[[bytes], None] | None
    ) -> AsyncIterator[bytes]:
        key = await self._room.key(space)
        for part in parts:
            async for piece in self._room.sealed.read(key, part.blob):
                if heard is not None:
                    heard(piece)
                yield piece

    async def abort(self, actor: Person, upload: Upload) -> None:
        """Gives the upload up. Raises NoSuchUpload."""
        reach = await self._room.reach(actor, write=True)

        def work(connection: Connection) -> None:
            _mine(connection, reach, upload)
            uploads.drop(connection, upload.id, now_s=self._room.now_s())

        await self._room.context.database.write(work)

    async def sweep(self) -> int:
        """Forgets uploads that nothing came for during a day; how many. May be cut anywhere."""
        count, before_s = 0, self._room.now_s() - IDLE_S
        while idle := await self._room.read(lambda c: uploads.idle(c, before_s=before_s, limit=AT_ONCE)):
            for upload in idle:
                await self._room.context.database.write(self._dropping(upload))
            count += len(idle)
        return count

    def _dropping(self, upload: UploadId) -> "_Drop":
        return _Drop(upload, self._room.now_s())


class _Drop(msgspec.Struct, frozen=True):
    upload: UploadId
    now_s: float

    def __call__(self, connection: Connection) -> None:
        uploads.drop(connection, self.upload, now_s=self.now_s)


def _mine(connection: Connection, reach: Reach, upload: Upload) -> Upload:
    """The upload as it is now. Raises NoSuchUpload."""
    found = uploads.find(connection, upload.id)
    if found is None or (found.space, found.top) != (reach.space.id, reach.top):
        raise NoSuchUpload
    return found


def _check(size_bytes: int, most: Most) -> None:
    if most is not None and size_bytes > most[0]:
        raise most[1]
