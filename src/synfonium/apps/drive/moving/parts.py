"""An archive that lies in the person's drive: its bytes at any place, verified as all of the drive's."""

from collections import OrderedDict
from collections.abc import AsyncIterator

from synfonium.apps.drive.moving.port import SourceRefused
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.files import Content
from synfonium.common.problem import Problem

FRAME_BYTES = 1024 * 1024
KEPT_FRAMES = 12


class ArchivePart:
    """One file of the archive; name: as it is called in the drive."""

    def __init__(self, drive: DriveService, content: Content) -> None:
        self._drive, self._content = drive, content
        self.name, self.size_bytes = content.node.name, content.node.size_bytes
        self._frames: OrderedDict[int, bytes] = OrderedDict()

    async def span(self, start: int, length: int) -> bytes:
        """Fewer where it ends. Raises SourceRefused for what cannot be there."""
        if start < 0 or start > self.size_bytes:
            raise SourceRefused("archive")
        return b"".join([piece async for piece in self.pieces(start, start + length)])

    async def pieces(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Small files that lie side by side share the reading of what holds them."""
        stop = min(stop, self.size_bytes)
        if stop - start > FRAME_BYTES:
            async for piece in self._read(start, stop):
                yield piece
            return
        while start < stop:
            number = start // FRAME_BYTES
            first = number * FRAME_BYTES
            frame = await self._frame(number)
            end = min(stop, first + FRAME_BYTES)
            yield frame[start - first : end - first]
            start = end

    async def _frame(self, number: int) -> bytes:
        kept = self._frames.get(number)
        if kept is None:
            first = number * FRAME_BYTES
            kept = b"".join([piece async for piece in self._read(first, first + FRAME_BYTES)])
            self._frames[number] = kept
            if len(self._frames) > KEPT_FRAMES:
                self._frames.popitem(last=False)
        self._frames.move_to_end(number)
        return kept

    async def _read(self, start: int, stop: int) -> AsyncIterator[bytes]:
        try:
            async for piece in self._drive.files.read(self._content, start, stop):
                yield piece
        except Problem:
            raise SourceRefused("archive") from None
