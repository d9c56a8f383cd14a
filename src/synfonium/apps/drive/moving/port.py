"""What a source of files is: it is listed in a bounded way, and each file opened at any byte."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Literal, Protocol, TypeVar

import msgspec

T = TypeVar("T")
Why = Literal[
    "",
    "asked",
    "away",
    "slow",
    "broken",
    "password",
    "address",
    "elsewhere",
    "nothing",
    "archive",
    "full",
    "disk",
    "target",
    "person",
    "refused",
    "gone",
    "name",
    "deep",
    "large",
    "size",
    "damaged",
    "changed",
    "encrypted",
    "packed",
    "bomb",
    "link",
    "kind",
    "many",
    "locked",
]
"""In one word why a job waits, or why something of the source was not taken."""
MOST_UNANNOUNCED_BYTES = 1 << 30
PROGRESS_BYTES = 256 * 1024


class SourceAway(Exception):
    """The source does not answer as it should; it may in a while. after_s: what it asked for."""

    def __init__(self, why: Why, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.after_s = why, after_s


class SourceRefused(Exception):
    """The source lets nobody in like this: a person has to do something."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class NotTaken(Exception):
    """One thing of the source cannot be had; the rest can."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder of a source. path: names below the source's top. ref: how the source finds it
    again. mark: what changes when the content does. etag: a strong one in its quotes, by which the source is
    held to this content. why: for this reason it cannot be taken."""

    path: tuple[str, ...]
    is_file: bool
    size_bytes: int | None = None
    modified_s: float | None = None
    ref: str = ""
    mark: str = ""
    etag: str = ""
    checksums: Mapping[str, bytes] = {}
    is_favorite: bool = False
    why: Why = ""


def key_of(entry: Entry) -> str:
    """Stands for the entry in the notes: its path, and its content as far as the source tells of it."""
    path = "\0".join((*entry.path, "", entry.mark)).encode("utf-8", "surrogatepass")
    return blake2b(path, digest_size=16, person=b"file" if entry.is_file else b"folder").hexdigest()


class Opened(msgspec.Struct, frozen=True):
    """A file's bytes from where they were asked for. modified_s: when the source says it better here
    than in its listing."""

    pieces: AsyncIterator[bytes]
    modified_s: float | None = None


class Source(Protocol):
    """Somewhere that files come from.

    `entries` gives folders before what is in them, the same names in the same order each time as
    long as nothing changes there; it keeps a bounded number of them at once. It waits with the
    `Patience` it was made with when the source is away. Raises SourceRefused.
    `open` at another byte than the first gives bytes of the content that was listed, as far as an etag tells.
    It raises SourceAway, SourceRefused and NotTaken, and so do its pieces.
    at_once: how many files are read at the same time; 1: while `entries` stands at that file.
    """

    at_once: int

    def entries(self) -> AsyncGenerator[Entry, None]: ...
    async def open(self, entry: Entry, start: int = 0) -> Opened: ...
    async def close(self) -> None: ...


class Patience:
    """How long is waited for a source that is away before somebody is told."""

    def __init__(self, waits_s: tuple[float, ...] = (0.5, 1, 2, 4, 8, 15, 30, 30)) -> None:
        self._waits_s = waits_s

    async def wait(self, tries: int, away: SourceAway) -> None:
        """tries: how often in a row it was away. Raises SourceAway when that is enough."""
        if tries > len(self._waits_s):
            raise away
        await asyncio.sleep(max(self._waits_s[tries - 1], min(away.after_s, 60.0)))

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        tries = 0
        while True:
            try:
                return await work()
            except SourceAway as away:
                tries += 1
                await self.wait(tries, away)


async def steady(
    source: Source, entry: Entry, opened: Opened, patience: Patience, start: int = 0
) -> AsyncIterator[bytes]:
    """All bytes of a file that was opened at the byte `start`; a connection that is lost goes on where it
    was. Raises NotTaken when they are more or fewer than were announced."""
    at, tries, since = start, 0, 0
    most = MOST_UNANNOUNCED_BYTES if entry.size_bytes is None else entry.size_bytes
    while True:
        try:
            async for piece in opened.pieces:
                at, since = at + len(piece), since + len(piece)
                if at > most:
                    raise NotTaken("size")
                yield piece
            break
        except SourceAway as away:
            # Whoever gives a few bytes each time gives nothing.
            tries, since = 1 if since >= PROGRESS_BYTES else tries + 1, 0
            await patience.wait(tries, away)
            opened = await _again(source, entry, at, patience)
    if entry.size_bytes is not None and at != entry.size_bytes:
        raise NotTaken("size")


async def _again(source: Source, entry: Entry, at: int, patience: Patience) -> Opened:
    return await patience.call(lambda: source.open(entry, at))
