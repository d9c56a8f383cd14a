"""What lies in a bucket, on its way into a backup: what the vault has not is fetched, checked, and
stored a little at a time, so that the disk of the home holds no more than a share of it."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import msgspec

from synfonium.apps.operations.errors import BucketAway, NoRoom
from synfonium.apps.operations.model.pieces import PIECE_BYTES, Piece, pieces_of
from synfonium.apps.operations.service.holes import Holes
from synfonium.apps.operations.service.names import Names
from synfonium.apps.operations.service.places import NAMES
from synfonium.apps.operations.service.referenced import add_referenced
from synfonium.kernel.app import App
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.context import Engines
from synfonium.kernel.sealed_blobs import SealedBlobs
from synfonium.ports.blobs import BlobStore
from synfonium.ports.vault import Hollow

KEPT_FREE_BYTES = 64 * 1024 * 1024
_AT_ONCE = 8
_SMALL_BYTES = 4 * 1024 * 1024

StorePart = Callable[[Hollow], Awaitable[str]]
"""Keeps the home with what was brought so far; gives the id under which it is."""

Brought = Callable[[int], Awaitable[None]]
"""Hears how many bytes were fetched."""


class Wanted(msgspec.Struct, frozen=True):
    """An app's blobs. named: by its databases; there: in the bucket."""

    app: App
    store: BlobStore
    named: Names
    there: Names


class Bringing:
    """Brings `holes` up to what is in the bucket. room_bytes: of the home's disk that may be used."""

    def __init__(
        self, home: Path, holes: Holes, *, room_bytes: int, store_part: StorePart, brought: Brought
    ) -> None:
        self._home, self._holes, self._store_part = home, holes, store_part
        self._room_bytes, self._heard = max(PIECE_BYTES, room_bytes), brought
        self._bytes = 0

    async def bring(self, engines: Engines, apps: tuple[App, ...]) -> tuple[str, ...]:
        """Gives the blobs, as `app name`, that a database names and that are missing or damaged.
        Nothing may be deleted meanwhile. Raises BucketAway, NoRoom, VaultError."""
        lacking = list[str]()
        for app in apps:
            if app.blob_columns:
                with scratch_names(self._home) as folder:
                    lacking += await self._bring_app(await _wanted(engines, app, folder))
        return tuple(lacking)

    async def _bring_app(self, wanted: Wanted) -> list[str]:
        lacking, app = list[str](), wanted.app.name
        beginnings = wanted.named.beginnings() | wanted.there.beginnings() | self._holes.beginnings(app)
        for beginning in sorted(beginnings):
            there, named = wanted.there.of(beginning), wanted.named.of(beginning)
            damaged = await self._bring_some(wanted, beginning, there)
            lacking += [f"{app} {name}" for name in sorted(named) if name not in there or name in damaged]
        return lacking

    async def _bring_some(self, wanted: Wanted, beginning: str, there: frozenset[str]) -> set[str]:
        """Those of them that are damaged."""
        new, app = set(there), wanted.app.name
        for name, pieces in self._holes.pieces(app, beginning).items():
            if name not in there:
                self._holes.remove(pieces)
            elif len(pieces) == pieces[0].count:
                new.discard(name)
        names, damaged = sorted(new), set[str]()
        for first in range(0, len(names), _AT_ONCE):
            damaged |= await self._bring_few(wanted, names[first : first + _AT_ONCE])
        return damaged

    async def _bring_few(self, wanted: Wanted, names: list[str]) -> set[str]:
        with bucket_refusals():
            sizes = await asyncio.gather(*(_size_bytes(wanted.store, name) for name in names))
        found = dict(zip(names, sizes, strict=True))
        small = [name for name in names if found[name] <= _SMALL_BYTES]
        done = await asyncio.gather(*(self._bring_one(wanted, name, found[name]) for name in small))
        damaged = {name for name, is_whole in zip(small, done, strict=True) if not is_whole}
        await self._make_room()
        for name in names:
            if name not in small and not await self._bring_one(wanted, name, found[name]):
                damaged.add(name)
        return damaged

    async def _bring_one(self, wanted: Wanted, name: str, size_bytes: int) -> bool:
        """Whether it is there and whole; else nothing of it is kept."""
        pieces = pieces_of(wanted.app.name, name, size_bytes)
        try:
            with bucket_refusals():
                await self._fetch(SealedBlobs(wanted.store), pieces, may_store=size_bytes > _SMALL_BYTES)
        except (BlobDamaged, KeyError):
            self._holes.remove([piece for piece in pieces if self._holes.has(piece)])
            return False
        return True

    async def _fetch(self, blobs: SealedBlobs, pieces: list[Piece], *, may_store: bool) -> None:
        """A piece waits in memory until it is whole."""
        waiting, left = bytearray(), iter(pieces)
        async with aclosing(blobs.stored(pieces[0].name)) as stored:
            async for content in stored:
                waiting += content
                while len(waiting) > PIECE_BYTES:
                    self._put(next(left), waiting[:PIECE_BYTES])
                    del waiting[:PIECE_BYTES]
                    if may_store:
                        await self._make_room()
        self._put(next(left), waiting)

    def _put(self, piece: Piece, content: bytearray) -> None:
        self._bytes += len(content)
        if not self._holes.has(piece):
            self._holes.write(piece, content)

    async def _make_room(self) -> None:
        """What was brought goes into the vault when it fills the room that it may have."""
        await self._heard(self._bytes)
        room_bytes = min(self._room_bytes, (self._free_bytes() + self._holes.whole_bytes) // 2)
        if room_bytes < PIECE_BYTES:
            raise NoRoom(detail="the disk of the home")
        if self._holes.whole_bytes + PIECE_BYTES > room_bytes:
            self._holes.stored(await self._store_part(self._holes.hollow()))

    def _free_bytes(self) -> int:
        return max(0, shutil.disk_usage(self._home).free - KEPT_FREE_BYTES)


async def _wanted(engines: Engines, app: App, folder: Path) -> Wanted:
    # What is named first: what is committed meanwhile is in the list of the bucket already.
    store = engines.blobs(app)
    wanted = Wanted(app, store, Names(folder / "named"), Names(folder / "there"))
    await asyncio.to_thread(add_referenced, engines.database(app, read_only=True), app, wanted.named)
    with bucket_refusals():
        await wanted.there.add_all(store.names())
    return wanted


async def _size_bytes(store: BlobStore, name: str) -> int:
    """0 for one that is gone: fetching it says so."""
    try:
        return await store.size_bytes(name)
    except KeyError:
        return 0


@contextmanager
def scratch_names(home: Path) -> Iterator[Path]:
    """A folder for sets of names; also what a kill left is gone afterwards."""
    folder = home / NAMES
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def bucket_refusals() -> Iterator[None]:
    """Errors of the disk have a number, those of the blobs' server have words alone."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise BucketAway(detail=str(error)) from error
