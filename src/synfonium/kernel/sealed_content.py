"""The content of a sealed blob for a thread that reads it from end to end, without a copy:
each frame is read into one buffer, and verified and opened into the caller's."""

from synfonium.kernel.blob_format import (
    FOOTER_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    SEALED_FRAME_BYTES,
    TAG_BYTES,
    BlobDamaged,
    Layout,
    Opener,
    SpaceKey,
)
from synfonium.ports.blobs import BlobReader

__all__ = ["SealedContent"]


class SealedContent:
    """A kernel.personal.Content; blocks. Raises BlobDamaged when header or footer are not `name`'s."""

    def __init__(self, reader: BlobReader, space: SpaceKey, name: str) -> None:
        self._reader = reader
        self._layout = Layout.of(reader.size_bytes)
        header = bytes(self._stored(0, bytearray(HEADER_BYTES)))
        footer = bytes(self._stored(self._layout.stored_bytes - FOOTER_BYTES, bytearray(FOOTER_BYTES)))
        self._opener = Opener(space, name, self._layout, header, footer)
        self._sealed = bytearray(min(SEALED_FRAME_BYTES, self._layout.size_bytes + TAG_BYTES))
        self._next = 0

    def readinto(self, buffer: memoryview, /) -> int:
        """Fills the buffer's beginning with the next whole frames; how many bytes, 0 at the end.

        The buffer has room for 1 MiB at least. Raises BlobDamaged, ValueError for less room.
        """
        if len(buffer) < FRAME_BYTES:
            raise ValueError("a frame does not fit in")
        filled = 0
        while self._next < self._layout.frames:
            stop = filled + self._layout.plain_bytes_of(self._next)
            if stop > len(buffer):
                break
            self._open_next(buffer[filled:stop])
            filled = stop
        return filled

    def close(self) -> None:
        self._reader.close()

    def _open_next(self, plain: memoryview) -> None:
        sealed = memoryview(self._sealed)[: len(plain) + TAG_BYTES]
        self._stored(HEADER_BYTES + self._next * SEALED_FRAME_BYTES, sealed)
        self._opener.frame_into(self._next, sealed, plain)
        self._next += 1

    def _stored(self, start: int, buffer: bytearray | memoryview) -> bytearray | memoryview:
        if self._reader.read_into(memoryview(buffer), start) != len(buffer):
            raise BlobDamaged
        return buffer
