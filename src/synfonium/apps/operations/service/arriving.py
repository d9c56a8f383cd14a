"""Blobs of a bucket on their way out of a backup, straight into a store: nothing waits on a disk."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import IO, Any, TypeVar

from synfonium.apps.operations.errors import NotTheSame
from synfonium.apps.operations.model.pieces import Piece, piece_of
from synfonium.apps.operations.service.bucket import bucket_refusals
from synfonium.apps.operations.service.places import BUCKET
from synfonium.kernel.app import App
from synfonium.kernel.blob_format import BlobDamaged
from synfonium.kernel.sealed_blobs import SealedBlobs
from synfonium.ports.blobs import BlobStore, BlobWriter
from synfonium.ports.vault import Vault

T = TypeVar("T")

_PIECE_BYTES = 1024 * 1024
_SMALL_BYTES = 4 * 1024 * 1024
_AT_ONCE = 8

Arrived = Callable[[App, str, int], Awaitable[None]]
"""Hears of each blob that is in the store, and of its bytes."""


async def bring_back(
    vault: Vault, kept_id: str, apps: tuple[App, ...], blobs: Callable[[App], BlobStore], arrived: Arrived
) -> None:
    """Puts every blob of the backup into its app's store; one that is there and whole stays. Raises
    NotTheSame, BucketAway, VaultError, StorageFull, OSError."""
    stores = {app.name: (app, blobs(app)) for app in apps if app.blob_columns}
    arriving = _Arriving(asyncio.get_running_loop(), stores, arrived)

    def take(path: str, content: IO[bytes]) -> None:
        arriving.take(piece_of(path), content)

    try:
        with bucket_refusals():
            await vault.read(kept_id, BUCKET, take)
            await asyncio.to_thread(arriving.end)
    finally:
        await arriving.close()


class _Arriving:
    """Driven by the thread that reads the backup; it waits for the loop, which alone uses stores."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, stores: dict[str, tuple[App, BlobStore]], arrived: Arrived
    ) -> None:
        self._loop, self._stores, self._arrived = loop, stores, arrived
        self._waiting: list[Future[None]] = []
        self._next: Piece | None = None
        self._writer: BlobWriter | None = None
        self._size_bytes = 0

    def take(self, piece: Piece, content: IO[bytes]) -> None:
        if piece.app not in self._stores:
            return
        if self._next not in (piece, None) or (self._next is None and piece.index):
            raise NotTheSame(detail=f"a file of {piece.app} is not whole in the backup")
        if piece.count == 1 and (whole := content.read(_SMALL_BYTES + 1)) and len(whole) <= _SMALL_BYTES:
            self._begin(self._put(piece, whole))
            return
        self._next = None if piece.is_last else _after(piece)
        if piece.index == 0 and not self._open(piece):
            return
        if self._writer is not None:
            self._write(piece, whole if piece.count == 1 else b"", content)

    def end(self) -> None:
        """All has arrived. Raises what went wrong last."""
        while self._waiting:
            self._waiting.pop(0).result()
        if self._next is not None:
            raise NotTheSame(detail=f"a file of {self._next.app} is not whole in the backup")

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.abort()
        await asyncio.gather(*(asyncio.wrap_future(one) for one in self._waiting), return_exceptions=True)

    def _open(self, piece: Piece) -> bool:
        """Whether it is to be written."""
        app, store = self._stores[piece.app]
        self._writer, self._size_bytes = None, 0
        if size_bytes := self._now(_whole(store, piece.name)):
            self._now(self._arrived(app, piece.name, size_bytes))
            return False
        self._writer = self._now(store.writer())
        return True

    def _write(self, piece: Piece, first: bytes, content: IO[bytes]) -> None:
        assert self._writer is not None
        app, _store = self._stores[piece.app]
        part = first or content.read(_PIECE_BYTES)
        while part:
            self._now(self._writer.write(part))
            self._size_bytes += len(part)
            part = content.read(_PIECE_BYTES)
        if piece.is_last:
            self._now(self._writer.commit(piece.name))
            self._writer = None
            self._now(self._arrived(app, piece.name, self._size_bytes))

    async def _put(self, piece: Piece, content: bytes) -> None:
        app, store = self._stores[piece.app]
        if not await _whole(store, piece.name):
            async with await store.writer() as writer:
                await writer.write(content)
                await writer.commit(piece.name)
        await self._arrived(app, piece.name, len(content))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._waiting.append(asyncio.run_coroutine_threadsafe(work, self._loop))
        if len(self._waiting) >= _AT_ONCE:
            self._waiting.pop(0).result()

    def _now(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result()


def _after(piece: Piece) -> Piece:
    return Piece(app=piece.app, name=piece.name, index=piece.index + 1, count=piece.count)


async def _whole(store: BlobStore, name: str) -> int:
    """Its bytes when it is there and whole; else 0, and it is not there any more."""
    try:
        return await SealedBlobs(store).scrub(name)
    except KeyError:
        return 0
    except BlobDamaged:
        await store.delete(name)
        return 0
