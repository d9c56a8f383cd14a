"""A blob on its way into the bucket."""

import asyncio
import os
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from synfonium.engines.blobs.s3_bucket import Bucket
from synfonium.engines.blobs.s3_stored import PART_BYTES, Large, Unfinished, key_of, part_key, stored_large
from synfonium.kernel import logs

__all__ = ["S3BlobWriter"]

T = TypeVar("T")

log = logs.get("blobs")
_PARTS_ON_THEIR_WAY = 2
_PUBLISH_ATTEMPTS = 10
_RENEWED_S = 600.0


class S3BlobWriter:
    """See the port. A request is never given up half-way: what the server did is known before
    anything is taken away."""

    def __init__(self, bucket: Bucket, slots: asyncio.Semaphore) -> None:
        self._bucket, self._slots = bucket, slots
        self._waiting = bytearray()
        self._parts, self._count, self._size_bytes = os.urandom(16).hex(), 0, 0
        self._running: set[asyncio.Task[Any]] = set()
        self._marked_s = 0.0
        self._is_finished = self._is_marked = self._is_perhaps_named = False

    async def __aenter__(self) -> "S3BlobWriter":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.abort()

    async def write(self, piece: bytes) -> None:
        self._need_open()
        self._waiting += piece
        try:
            while len(self._waiting) > PART_BYTES:
                await self._send()
        except BaseException:
            await self.abort()
            raise

    async def commit(self, name: str) -> None:
        self._need_open()
        try:
            key = key_of(name)
            await self._wholly(self._commit_large(key) if self._count else self._commit_small(key))
        except BaseException:
            await self.abort()
            raise

    async def abort(self) -> None:
        if not self._is_finished:
            await asyncio.shield(self._forget())

    async def _send(self) -> None:
        """One part more is on its way; waits while too many are."""
        if not self._is_marked or time.monotonic() - self._marked_s > _RENEWED_S:
            await self._wholly(self._mark(Unfinished()))
        with memoryview(self._waiting) as waiting:
            content = bytes(waiting[:PART_BYTES])
        del self._waiting[:PART_BYTES]
        key, self._count = part_key(self._parts, self._count), self._count + 1
        self._size_bytes += len(content)
        self._begin(self._send_part(key, content))
        await self._until_on_their_way(_PARTS_ON_THEIR_WAY)

    async def _send_part(self, key: str, content: bytes) -> None:
        async with self._slots:
            await self._bucket.put(key, content)

    async def _until_on_their_way(self, count: int) -> None:
        while len(running := set(self._running)) > count:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._running.discard(task)
                task.result()

    async def _commit_small(self, key: str) -> None:
        await self._publish(f"small/{key}", bytes(self._waiting), key)
        self._finish()

    async def _commit_large(self, key: str) -> None:
        parts = self._running - {asyncio.current_task()}
        if self._waiting:
            last, self._count = part_key(self._parts, self._count), self._count + 1
            self._size_bytes += len(self._waiting)
            parts.add(asyncio.ensure_future(self._send_part(last, bytes(self._waiting))))
        await asyncio.gather(*parts)
        await self._mark(Unfinished(name=key))
        self._is_perhaps_named = True
        large = Large(self._parts, self._size_bytes)
        if await self._publish(f"large/{key}", msgspec.json.encode(large), key):
            await self._bucket.delete([f"unfinished/{self._parts}"])
        else:
            await self._take_away()
        self._finish()

    async def _publish(self, named: str, content: bytes, key: str) -> bool:
        """Whether the name is this writer's; one that existed is young again."""
        for _ in range(_PUBLISH_ATTEMPTS):
            if await self._bucket.create(named, content):
                return True
            await self._bucket.put(f"again/{key}", b"")
            try:
                there = await self._bucket.get(named) if self._count else b""
                await self._bucket.size_bytes(named)
            except KeyError:
                continue  # Deleted just now.
            # A request that was sent again may have met its own first success.
            return self._count > 0 and stored_large(there).parts == self._parts
        raise OSError("a name is deleted as often as it is written")

    async def _mark(self, unfinished: Unfinished) -> None:
        self._is_marked = True
        await self._bucket.put(f"unfinished/{self._parts}", msgspec.json.encode(unfinished))
        self._marked_s = time.monotonic()

    async def _forget(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        if self._is_finished:
            return
        is_left, self._is_finished = self._is_perhaps_named, True
        self._waiting.clear()
        if self._is_marked and not is_left:
            try:
                await self._take_away()
            except OSError as failure:
                log.error("blobs.left_to_sweep", failure)

    async def _take_away(self) -> None:
        keys = [part_key(self._parts, number) for number in range(self._count)]
        await self._bucket.delete(keys)
        await self._bucket.delete([f"unfinished/{self._parts}"])

    async def _wholly(self, request: Coroutine[Any, Any, T]) -> T:
        """Its result; when its caller is cancelled it goes on, and `abort` waits for it."""
        task = self._begin(request)
        await asyncio.wait({task})
        self._running.discard(task)
        return task.result()

    def _begin(self, request: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(request)
        self._running.add(task)
        return task

    def _need_open(self) -> None:
        if self._is_finished:
            raise RuntimeError("this blob is finished")

    def _finish(self) -> None:
        self._is_finished = True
        self._waiting.clear()
