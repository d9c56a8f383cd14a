"""The port for immutable bytes."""

from collections.abc import AsyncIterator
from typing import Protocol


class BlobWriter(Protocol):
    """Bytes on their way in; invisible until `commit`."""

    async def write(self, piece: bytes) -> None:
        """Appends; backpressure is the await. Raises StorageFull, leaving nothing."""
        ...

    async def commit(self, name: str) -> None:
        """Makes the bytes durable (synced, the folder too) and then visible as `name`.

        A `name` that exists already keeps its bytes: equal names mean equal content.
        """
        ...

    async def abort(self) -> None:
        """Forgets the bytes. Idempotent; also what leaving without `commit` does."""
        ...


class BlobStore(Protocol):
    """Immutable blobs named by their writer (`[a-z0-9/]+`, at most 200 characters).

    A blob is whole or absent, also after a power cut. Unknown names raise KeyError.
    """

    async def writer(self) -> BlobWriter: ...
    def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Streams bytes [start, stop) in pieces of at most 1 MiB."""
        ...

    async def size_bytes(self, name: str) -> int: ...
    async def delete(self, name: str) -> None:
        """Removes it; absent already is success."""
        ...

    def names(self, prefix: str = "") -> AsyncIterator[str]: ...
    async def sweep_unfinished(self, older_than_s: float) -> int:
        """Removes bytes that were never committed; returns how many. For crashes."""
        ...
