"""The port for immutable bytes."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Protocol

_NAME = re.compile(r"[a-z0-9]+(/[a-z0-9]+)*")
_NAME_LIMIT = 200


def is_blob_name(name: str) -> bool:
    """Whether a blob may be called so, in every store."""
    return len(name) <= _NAME_LIMIT and _NAME.fullmatch(name) is not None


class BlobWriter(Protocol):
    """Bytes on their way in; invisible until `commit`.

    `async with` it: leaving without `commit`, also by cancellation, is `abort`.
    """

    async def __aenter__(self) -> "BlobWriter": ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    async def write(self, piece: bytes) -> None:
        """Appends; backpressure is the await. Raises StorageFull, leaving nothing."""
        ...

    async def commit(self, name: str) -> None:
        """Makes the bytes durable (synced, the folder too) and then visible as `name`.

        A `name` that exists already keeps its bytes and becomes as young as if it were
        new: equal names mean equal content. Raises StorageFull, leaving nothing, and
        ValueError for a name that is none.
        """
        ...

    async def abort(self) -> None:
        """Forgets the bytes. Idempotent; after `commit` it does nothing."""
        ...


class BlobReader(Protocol):
    """A blob that is open for a thread; blocks. It stays readable when it is deleted meanwhile.

    One thread at a time; whoever opened it closes it, when no thread reads any more.
    """

    @property
    def size_bytes(self) -> int: ...
    def read_into(self, buffer: memoryview, start: int) -> int:
        """Fills the buffer with the bytes from `start` on; how many, fewer only at the end."""
        ...

    def close(self) -> None: ...


class BlobStore(Protocol):
    """Immutable blobs named by their writer (`[a-z0-9/]+`, at most 200 characters).

    A blob is whole or absent, also after a power cut. Unknown names raise KeyError, those
    that are no names ValueError.
    """

    async def writer(self) -> BlobWriter: ...
    def need_room(self, size_bytes: int) -> None:
        """Raises StorageFull when so many more bytes surely find no room; cheap, from any thread."""
        ...

    def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Streams bytes [start, stop) in pieces of at most 1 MiB; past the end is nothing."""
        ...

    def open(self, name: str) -> BlobReader:
        """For a thread that reads much, into memory of its own; blocks."""
        ...

    async def size_bytes(self, name: str) -> int: ...
    async def delete(self, name: str) -> None:
        """Removes it; absent already is success. While a backup reads the store it may stay,
        for a later sweep to find."""
        ...

    def names(self, prefix: str = "", *, older_than_s: float = 0) -> AsyncIterator[str]:
        """Names that begin so, in no order, of blobs committed last at least so long ago.

        The age is for sweeps: bytes come before their row, so a young blob without a row
        is no orphan yet.
        """
        ...

    async def sweep_unfinished(self, older_than_s: float) -> int:
        """Removes bytes that were never committed; returns how many. For crashes."""
        ...
