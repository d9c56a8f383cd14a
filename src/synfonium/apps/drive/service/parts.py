"""Parts of a file: one on its way in, and whether those that came make the whole."""

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import pairwise

from synfonium.apps.drive.errors import BadParts, Cut
from synfonium.apps.drive.model import Part, Upload
from synfonium.apps.drive.service.checksums import Checksums
from synfonium.apps.drive.service.files import Incoming


class Coming:
    """A part's bytes on their way in. count: how many came."""

    def __init__(
        self,
        source: AsyncIterator[bytes],
        expected: Mapping[str, bytes],
        announced_bytes: int | None,
        *,
        is_kept: bool,
    ) -> None:
        self._source, self._announced, self._is_kept = source, announced_bytes, is_kept
        self.sums = Checksums(expected, also=("md5",))
        self.count = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises Cut, ChecksumMismatch."""
        try:
            async for piece in self._source:
                self.count += len(piece)
                if self._announced is not None and self.count > self._announced:
                    raise BadParts
                self.sums.update(piece)
                yield piece
        except ConnectionError:
            if not self._is_kept:
                raise Cut from None
        if self._announced not in (None, self.count) and not self._is_kept:
            raise Cut
        self.sums.check()


def chosen(came: list[Part], numbers: Sequence[int] | None) -> list[Part]:
    """Raises BadParts for one that is missing, doubled or out of order."""
    by_number = {part.number: part for part in came}
    if numbers is None and all(part.offset_bytes == part.number for part in came):
        numbers = list(by_number)  # called by where they begin, which is compared below
    if numbers is None:
        first = 0 if 0 in by_number else 1
        numbers = range(first, first + len(came))
    is_ascending = all(one < two for one, two in pairwise(numbers))
    if not is_ascending or any(number not in by_number for number in numbers):
        raise BadParts
    return [by_number[number] for number in numbers]


def check_whole(parts: list[Part], upload: Upload, incoming: Incoming) -> None:
    """Whether the parts lie one after another and are together as long as was announced. Raises BadParts."""
    at_bytes = 0
    for part in parts:
        if part.offset_bytes not in (None, at_bytes):
            raise BadParts
        at_bytes += part.size_bytes
    if upload.total_bytes not in (None, at_bytes) or incoming.announced_bytes not in (None, at_bytes):
        raise BadParts
