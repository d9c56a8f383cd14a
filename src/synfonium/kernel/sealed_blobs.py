"""Blobs named and sealed per space: equal content is kept once in a space, and the store
alone tells neither content, nor names, nor that two spaces hold the same thing."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from synfonium.kernel.blob_format import (
    FOOTER_BYTES,
    FRAME_BYTES,
    HASH_BYTES,
    HEADER_BYTES,
    SEALED_FRAME_BYTES,
    TAG_BYTES,
    BlobDamaged,
    Layout,
    Opener,
    Scrubber,
    Sealer,
    SpaceKey,
)
from synfonium.kernel.sealed_content import SealedContent
from synfonium.kernel.small_blobs import LARGEST_BYTES, SmallBlob
from synfonium.ports.blobs import BlobStore

__all__ = ["SMALL_BYTES", "BlobDamaged", "SealedBlob", "SealedBlobs", "SmallBlob", "SpaceKey"]

# Below this, sealing takes less time than the way to a thread and back.
_INLINE_BYTES = 64 * 1024


# Of a content that fits sealed into a row: it has one frame.
SMALL_BYTES = LARGEST_BYTES - HEADER_BYTES - TAG_BYTES - HASH_BYTES - FOOTER_BYTES


class SealedBlob(msgspec.Struct, frozen=True):
    """A blob that is durable. name: 64 hexadecimal digits, the BLAKE3 of the content
    keyed by its space; size_bytes: of the content."""

    name: str
    size_bytes: int


class SealedBlobs:
    """Writes and reads content of spaces in `store`.

    gives_way: whether the blob of that name, known to be damaged, makes room for the same content.
    """

    def __init__(self, store: BlobStore, *, gives_way: Callable[[str], bool] | None = None) -> None:
        self._store, self._gives_way = store, gives_way

    async def seal(self, space: SpaceKey, content: bytes) -> SmallBlob:
        """A whole small content as it is stored, for a commit of the caller's. Raises ValueError
        for more than SMALL_BYTES."""
        if len(content) > SMALL_BYTES:
            raise ValueError("too much for a small blob")
        sealer = Sealer(space)
        frame = sealer.frame(content, is_last=True)
        name, ending = sealer.end()
        await self._give_way(name)
        return SmallBlob(name, sealer.header + frame + ending)

    async def write(self, space: SpaceKey, pieces: AsyncIterator[bytes]) -> SealedBlob:
        """Seals and stores the content; durable when this returns, absent when it raises.

        Pieces may have any size. Raises StorageFull, and what `pieces` raises.
        """
        sealer = Sealer(space)
        async with await self._store.writer() as writer:
            await writer.write(sealer.header)
            async for plain, is_last in _frames(pieces):
                await writer.write(await _seal(sealer, plain, is_last))
            name, ending = sealer.end()
            await writer.write(ending)
            await self._give_way(name)
            await writer.commit(name)
        return SealedBlob(name, sealer.size_bytes)

    async def _give_way(self, name: str) -> None:
        if self._gives_way is not None and self._gives_way(name):
            await self._store.delete(name)

    def open(self, space: SpaceKey, name: str) -> SealedContent:
        """For a thread that reads the whole content; blocks. Raises KeyError, BlobDamaged."""
        reader = self._store.open(name)
        try:
            return SealedContent(reader, space, name)
        except BaseException:
            reader.close()
            raise

    async def read(
        self, space: SpaceKey, name: str, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Streams the plain bytes [start, stop), each verified before it is given out.

        Only frames that hold some of them are read. `stop` past the end means the end.
        Raises KeyError for an unknown name, BlobDamaged, ValueError for a bad range.
        """
        if start < 0 or (stop is not None and stop < start):
            raise ValueError("not a range of bytes")
        layout = Layout.of(await self._store.size_bytes(name))
        end = layout.size_bytes if stop is None else min(stop, layout.size_bytes)
        if layout.frames == 1:
            stored = await self._all(name, 0, layout.stored_bytes)
            opener = _opener(space, name, layout, stored)
            plain = opener.frame(0, stored[HEADER_BYTES : layout.trailer_start])
            if start < end:
                yield plain[start:end]
            return
        header = await self._all(name, 0, HEADER_BYTES)
        footer = await self._all(name, layout.footer_start, layout.stored_bytes)
        opener = _opener(space, name, layout, header + footer)
        frames = layout.frames_of(start, end)
        index = frames.start
        async with aclosing(self._sealed_frames(name, layout, frames)) as stored_frames:
            async for sealed in stored_frames:
                plain = await asyncio.to_thread(opener.frame, index, sealed)
                first = index * FRAME_BYTES
                yield plain[max(0, start - first) : end - first]
                index += 1
        if index != frames.stop:
            raise BlobDamaged

    async def read_small(
        self, space: SpaceKey, blob: SmallBlob, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """As `read`, of a blob that is here already."""
        layout = Layout.of(len(blob.sealed))
        opener = _opener(space, blob.name, layout, blob.sealed)
        plain = opener.frame(0, blob.sealed[HEADER_BYTES : layout.trailer_start])
        if piece := plain[start:stop]:
            yield piece

    async def scrub(self, name: str, pace: Callable[[int], Awaitable[None]] | None = None) -> int:
        """Reads the whole blob and checks every stored byte, without a key.

        pace: told the bytes of each piece, to keep whoever checks from taking the whole disk.
        Returns the stored bytes read. Raises BlobDamaged, KeyError for an unknown name.
        """
        size_bytes = 0
        async with aclosing(self.stored(name)) as pieces:
            async for piece in pieces:
                size_bytes += len(piece)
                if pace is not None:
                    await pace(len(piece))
        return size_bytes

    async def stored(self, name: str) -> AsyncGenerator[bytes, None]:
        """The whole blob as it is stored, from its first byte to its last, each checked before it
        is given out, without a key. Raises BlobDamaged, KeyError for an unknown name."""
        stored_bytes = await self._store.size_bytes(name)
        layout = Layout.of(stored_bytes)
        if layout.frames == 1:
            yield _scrubbed(layout, await self._all(name, 0, stored_bytes))
            return
        header = await self._all(name, 0, HEADER_BYTES)
        ending = await self._all(name, layout.trailer_start, stored_bytes)
        scrubber = Scrubber(header, ending[:-FOOTER_BYTES], ending[-FOOTER_BYTES:])
        yield header
        async with aclosing(self._sealed_frames(name, layout, range(layout.frames))) as frames:
            async for sealed in frames:
                await asyncio.to_thread(scrubber.frame, sealed)
                yield sealed
        scrubber.end()
        yield ending

    async def _sealed_frames(self, name: str, layout: Layout, frames: range) -> AsyncGenerator[bytes, None]:
        """These frames as they are stored, whatever pieces the store reads in."""
        if not frames:
            return
        waiting = bytearray()
        async with aclosing(self._store.read(name, *layout.stored_range(frames))) as pieces:
            async for piece in pieces:
                waiting += piece
                while len(waiting) >= SEALED_FRAME_BYTES:
                    yield bytes(memoryview(waiting)[:SEALED_FRAME_BYTES])
                    del waiting[:SEALED_FRAME_BYTES]
        if waiting:
            yield bytes(waiting)

    async def _all(self, name: str, start: int, stop: int) -> bytes:
        return b"".join([piece async for piece in self._store.read(name, start, stop)])


def _scrubbed(layout: Layout, stored: bytes) -> bytes:
    """A blob of one frame, after it was checked."""
    ending = stored[layout.trailer_start :]
    scrubber = Scrubber(stored[:HEADER_BYTES], ending[:-FOOTER_BYTES], ending[-FOOTER_BYTES:])
    scrubber.frame(stored[HEADER_BYTES : layout.trailer_start])
    scrubber.end()
    return stored


def _opener(space: SpaceKey, name: str, layout: Layout, stored: bytes) -> Opener:
    return Opener(space, name, layout, stored[:HEADER_BYTES], stored[-FOOTER_BYTES:])


async def _seal(sealer: Sealer, plain: bytes, is_last: bool) -> bytes:
    if len(plain) < _INLINE_BYTES:
        return sealer.frame(plain, is_last=is_last)
    return await asyncio.to_thread(sealer.frame, plain, is_last=is_last)


async def _frames(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """The content in frames of 1 MiB; the last, which may be empty or whole, is marked."""
    waiting = bytearray()
    async for piece in pieces:
        waiting += piece
        while len(waiting) > FRAME_BYTES:
            yield bytes(memoryview(waiting)[:FRAME_BYTES]), False
            del waiting[:FRAME_BYTES]
    yield bytes(waiting), True
