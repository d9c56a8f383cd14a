"""Blobs in a bucket of an S3 server (docs/decisions/0032-blobs-in-s3.md), below the app's folder:

    small/<name>             up to 8 MiB, whole
    large/<name>             names the parts of a larger one
    parts/<random>/<number>  8 MiB each, the last one less
    unfinished/<random>      parts that a sweep looks at: on their way in, or deleted
    again/<name>             empty; when a name that existed was committed last

"/" of a name is "_" here. Every object is written once by one request, which the server makes
durable before it answers; what is visible is `small` and `large` alone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import msgspec

from synfonium.engines.blobs.s3_bucket import Bucket, Listed, S3Address, parse_s3
from synfonium.engines.blobs.s3_read import S3BlobReader, pieces_of
from synfonium.engines.blobs.s3_stored import Stored, Unfinished, key_of, stored_large
from synfonium.engines.blobs.s3_write import S3BlobWriter

__all__ = ["S3Blobs", "parse_s3"]

_KNOWN_LIMIT = 4096
_PARTS_AT_ONCE = 8
# Longer than any age that a sweep asks for.
_AGAIN_KEPT_S = 90 * 86_400.0


class S3Blobs:
    """A BlobStore (see the port). While `is_held()`, nothing is deleted."""

    def __init__(
        self, address: S3Address, folder: str, *, is_held: Callable[[], bool] = lambda: False
    ) -> None:
        self._bucket = Bucket(address, folder)
        self._is_held = is_held
        self._known: dict[str, Stored] = {}
        self._slots = asyncio.Semaphore(_PARTS_AT_ONCE)

    def need_room(self, size_bytes: int) -> None:
        """A bucket does not tell; a server that is full says so at the write."""

    async def writer(self) -> S3BlobWriter:
        return S3BlobWriter(self._bucket, self._slots)

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        stored = self._known.get(name) or await self._find(name)
        end = stored.size_bytes if stop is None else min(stop, stored.size_bytes)
        try:
            async for piece in pieces_of(self._bucket, stored, start, end):
                yield piece
        except KeyError:
            self._known.pop(name, None)
            raise KeyError(name) from None

    def open(self, name: str) -> S3BlobReader:
        return S3BlobReader(self._bucket, key_of(name))

    async def size_bytes(self, name: str) -> int:
        return (await self._find(name)).size_bytes

    async def delete(self, name: str) -> None:
        key = key_of(name)
        if await asyncio.to_thread(self._is_held):
            return
        self._known.pop(name, None)
        try:
            large = stored_large(await self._bucket.get(f"large/{key}"))
        except KeyError:
            await self._bucket.delete([f"small/{key}", f"again/{key}"])
            return
        # Who reads it reads on: the parts go with a later sweep.
        left = Unfinished(name=key, is_deleted=True)
        await self._bucket.put(f"unfinished/{large.parts}", msgspec.json.encode(left))
        await self._bucket.delete([f"large/{key}", f"again/{key}"])

    async def names(self, prefix: str = "", *, older_than_s: float = 0) -> AsyncIterator[str]:
        begin, before_s = prefix.replace("/", "_"), time.time() - older_than_s
        young = await self._young(before_s) if older_than_s > 0 else frozenset[str]()
        for part in ("small", "large"):
            async for found in self._bucket.listed(part):
                is_old = older_than_s <= 0 or (found.modified_s <= before_s and found.key not in young)
                if found.key.startswith(begin) and is_old:
                    yield found.key.replace("_", "/")

    async def sweep_unfinished(self, older_than_s: float) -> int:
        before_s = time.time() - older_than_s
        found = [u.key async for u in self._bucket.listed("unfinished") if u.modified_s <= before_s]
        count = sum([await self._sweep(parts) for parts in found])
        await self._forget_again()
        return count

    async def _sweep(self, parts: str) -> bool:
        """Whether there were parts of a blob that was never committed."""
        try:
            left = msgspec.json.decode(await self._bucket.get(f"unfinished/{parts}"), type=Unfinished)
        except KeyError:
            return False
        is_named = bool(left.name) and await self._parts_of(left.name) == parts
        if not is_named:
            await self._bucket.delete([f"parts/{parts}/{p.key}" async for p in self._listed_parts(parts)])
        await self._bucket.delete([f"unfinished/{parts}"])
        return not is_named and not left.is_deleted

    async def _parts_of(self, key: str) -> str:
        try:
            return stored_large(await self._bucket.get(f"large/{key}")).parts
        except KeyError:
            return ""

    async def _listed_parts(self, parts: str) -> AsyncIterator[Listed]:
        async for found in self._bucket.listed(f"parts/{parts}"):
            yield found

    async def _young(self, before_s: float) -> frozenset[str]:
        return frozenset([a.key async for a in self._bucket.listed("again") if a.modified_s > before_s])

    async def _forget_again(self) -> None:
        before_s = time.time() - _AGAIN_KEPT_S
        old = [f"again/{a.key}" async for a in self._bucket.listed("again") if a.modified_s <= before_s]
        await self._bucket.delete(old)

    async def _find(self, name: str) -> Stored:
        key = key_of(name)
        try:
            try:
                stored = Stored(f"small/{key}", await self._bucket.size_bytes(f"small/{key}"), None)
            except KeyError:
                large = stored_large(await self._bucket.get(f"large/{key}"))
                stored = Stored(f"large/{key}", large.size_bytes, large)
        except KeyError:
            self._known.pop(name, None)
            raise KeyError(name) from None
        if len(self._known) >= _KNOWN_LIMIT:
            self._known.clear()
        self._known[name] = stored
        return stored
