"""Blobs on their way out of the bucket."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator

from synfonium.engines.blobs.s3_bucket import Bucket
from synfonium.engines.blobs.s3_stored import Large, Stored, part_key, stored_large

__all__ = ["S3BlobReader", "pieces_of"]

PIECE_BYTES = 1024 * 1024
# Asked for before they are needed: a request takes longer than a MiB.
_AHEAD = 4
# Less than this is read by itself; more, and its whole part is, for what is read next.
_SMALL_READ_BYTES = 64 * 1024


async def pieces_of(bucket: Bucket, stored: Stored, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """Bytes [start, end) in pieces of at most 1 MiB. Raises KeyError when they are gone."""
    if stored.large is None:
        # At once: a small one that is deleted meanwhile is gone.
        content = await bucket.part(stored.key, start, end) if start < end else b""
        for first in range(0, len(content), PIECE_BYTES):
            yield content[first : first + PIECE_BYTES]
        return
    asked = (
        asyncio.ensure_future(bucket.part(*piece)) for piece in _places(stored.large, start, end, PIECE_BYTES)
    )
    ahead = deque[asyncio.Task[bytes]]()
    try:
        while True:
            while len(ahead) < _AHEAD and (task := next(asked, None)):
                ahead.append(task)
            if not ahead:
                return
            yield await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


def _places(large: Large, start: int, end: int, longest: int) -> Iterator[tuple[str, int, int]]:
    """Key, first and last byte of each piece."""
    while start < end:
        number, within = divmod(start, large.part_bytes)
        length = min(longest, end - start, large.part_bytes - within)
        yield part_key(large.parts, number), within, within + length
        start += length


class S3BlobReader:
    """See the port. It holds one part at a time."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._held, self._held_key = b"", ""
        self._large: Large | None = None
        try:
            self._held = bucket.get_blocking(f"small/{key}")
            self.size_bytes = len(self._held)
        except KeyError:
            self._large = stored_large(bucket.get_blocking(f"large/{key}"))
            self.size_bytes = self._large.size_bytes

    def read_into(self, buffer: memoryview, start: int) -> int:
        end = min(self.size_bytes, start + len(buffer))
        if self._large is None:
            found = self._held[start:end]
            buffer[: len(found)] = found
            return len(found)
        done = 0
        for key, first, last in _places(self._large, start, end, self._large.part_bytes):
            buffer[done : done + last - first] = self._bytes(key, first, last)
            done += last - first
        return done

    def close(self) -> None:
        self._held = b""

    def _bytes(self, key: str, first: int, last: int) -> memoryview:
        if self._held_key != key:
            if last - first < _SMALL_READ_BYTES:
                return memoryview(self._bucket.part_blocking(key, first, last))
            self._held, self._held_key = self._bucket.get_blocking(key), key
        return memoryview(self._held)[first:last]
