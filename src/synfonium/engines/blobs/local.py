"""Blobs as files of a folder.

    incoming/<random>        on their way in; swept after a crash
    blobs/aa/bb/<name>       whole and synced; "/" of a name is "_" here

A file is synced, then linked to its name, then its folder is synced.
"""

import asyncio
import errno
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import ParamSpec, TypeVar

from synfonium.common.problem import StorageFull
from synfonium.ports.blobs import is_blob_name

P = ParamSpec("P")
T = TypeVar("T")

PIECE_BYTES = 1024 * 1024
_LINK_ATTEMPTS = 100
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SYNCED_LIMIT = 65_536
# Blobs stop before the disk is full: deleting needs room in the tables' log.
KEPT_FREE_BYTES = 64 * 1024 * 1024


class LocalBlobs:
    """A BlobStore (see the port) in `folder`, which is made when absent.

    It raises StorageFull when less than `kept_free_bytes` would be left on the disk. While
    `is_held()`, nothing is deleted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kept_free_bytes: int = KEPT_FREE_BYTES,
        is_held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_held = is_held
        self._incoming, self._blobs = folder / "incoming", folder / "blobs"
        self._kept_free_bytes = kept_free_bytes
        self._synced: set[Path] = set()
        for part in (self._incoming, self._blobs):
            part.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync_folder(folder)

    async def writer(self) -> "LocalBlobWriter":
        return LocalBlobWriter(self, self._incoming / os.urandom(16).hex())

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        file, piece = await asyncio.to_thread(_open, self._path(name), start, stop)
        try:
            while piece:
                yield piece
                start += len(piece)
                piece = b"" if start == stop else await asyncio.to_thread(file.piece, start, stop)
        finally:
            file.close()

    def open(self, name: str) -> "LocalBlobReader":
        try:
            return LocalBlobReader(self._path(name))
        except FileNotFoundError:
            raise KeyError(name) from None

    async def size_bytes(self, name: str) -> int:
        path = self._path(name)
        try:
            return (await asyncio.to_thread(path.stat)).st_size
        except FileNotFoundError:
            raise KeyError(name) from None

    async def delete(self, name: str) -> None:
        path = self._path(name)
        if not await asyncio.to_thread(self._is_held):
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def names(self, prefix: str = "", *, older_than_s: float = 0) -> AsyncIterator[str]:
        flat, before_s = prefix.replace("/", "_"), time.time() - older_than_s
        for folder in await asyncio.to_thread(_leaves, self._blobs):
            for name in await asyncio.to_thread(_files, folder, flat, before_s):
                yield name.replace("_", "/")

    async def sweep_unfinished(self, older_than_s: float) -> int:
        return await asyncio.to_thread(self._sweep, time.time() - older_than_s)

    def _sweep(self, before_s: float) -> int:
        names = _files(self._incoming, "", before_s)
        for name in names:
            (self._incoming / name).unlink(missing_ok=True)
        return len(names)

    def _path(self, name: str) -> Path:
        if not is_blob_name(name):
            raise ValueError("not the name of a blob")
        last = name.rpartition("/")[2].ljust(4, "0")
        return self._blobs / last[:2] / last[2:4] / name.replace("/", "_")

    def need_room(self, size_bytes: int) -> None:
        disk = os.statvfs(self._incoming)
        if disk.f_bavail * disk.f_frsize < size_bytes + self._kept_free_bytes:
            raise StorageFull

    def publish(self, incoming: Path, name: str) -> None:
        """Links synced bytes to their name and makes the name durable; blocks."""
        path = self._path(name)
        with _full_disk():
            self._make_folders(path.parent)
            _link(incoming, path)
            _sync_folder(path.parent)
        incoming.unlink(missing_ok=True)

    def _make_folders(self, leaf: Path) -> None:
        # Another thread or process may have made them and not have synced them yet: each
        # is synced into the one above before this process relies on it.
        leaf.mkdir(parents=True, exist_ok=True, mode=0o700)
        for made in (leaf.parent, leaf):
            if made not in self._synced:
                _sync_folder(made.parent)
                if len(self._synced) < _SYNCED_LIMIT:
                    self._synced.add(made)


class LocalBlobWriter:
    """See the port. Pieces gather to 1 MiB before they go to the file, in a thread."""

    def __init__(self, store: LocalBlobs, path: Path) -> None:
        self._store, self._path = store, path
        self._waiting = bytearray()
        self._file: FileIO | None = None
        self._is_finished = False
        # A cancelled caller leaves its thread behind: whoever closes waits for it here, or
        # a late write could reach a descriptor that is another file's by then.
        self._lock = Lock()

    async def __aenter__(self) -> "LocalBlobWriter":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.abort()

    async def write(self, piece: bytes) -> None:
        self._waiting += piece
        if len(self._waiting) >= PIECE_BYTES:
            await self._or_nothing(self._flush)

    async def commit(self, name: str) -> None:
        await self._or_nothing(self._commit, name)

    async def abort(self) -> None:
        if not self._is_finished:
            await asyncio.shield(asyncio.to_thread(self._forget))

    async def _or_nothing(self, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await asyncio.to_thread(step, *args, **kwargs)
        except BaseException:
            await self.abort()
            raise

    def _flush(self) -> None:
        with self._lock, _full_disk():
            self._drain()

    def _drain(self) -> FileIO:
        if self._is_finished:
            raise RuntimeError("this blob is finished")
        if self._file is None:
            self._file = FileIO(self._path, "xb")
        self._store.need_room(len(self._waiting))
        with memoryview(self._waiting) as rest:
            done = 0
            while done < len(rest):
                done += self._file.write(rest[done:])
        self._waiting.clear()
        return self._file

    def _commit(self, name: str) -> None:
        with self._lock, _full_disk():
            os.fsync(self._drain().fileno())
            self._store.publish(self._path, name)
            self._finish()

    def _forget(self) -> None:
        with self._lock:
            if not self._is_finished:
                self._finish()
                self._path.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._is_finished = True
        self._waiting.clear()
        if self._file is not None:
            self._file.close()


class LocalBlobReader:
    """See the port."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size_bytes = os.fstat(self._file.fileno()).st_size

    def read_into(self, buffer: memoryview, start: int) -> int:
        done = 0
        while done < len(buffer) and (read := os.preadv(self._file.fileno(), [buffer[done:]], start + done)):
            done += read
        return done

    def close(self) -> None:
        self._file.close()


class _OpenBlob:
    """A blob being read; stays readable when it is deleted meanwhile."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._lock = Lock()

    def piece(self, start: int, stop: int | None) -> bytes:
        length = PIECE_BYTES if stop is None else min(PIECE_BYTES, stop - start)
        with self._lock:
            return os.pread(self._file.fileno(), length, start) if length > 0 else b""

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _open(path: Path, start: int, stop: int | None) -> tuple[_OpenBlob, bytes]:
    try:
        file = _OpenBlob(path)
    except FileNotFoundError:
        raise KeyError(path.name) from None
    return file, file.piece(start, stop)


@contextmanager
def _full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise


def _link(incoming: Path, path: Path) -> None:
    """Gives the bytes their name; those that have it already become young again."""
    for _ in range(_LINK_ATTEMPTS):
        try:
            os.link(incoming, path)
            return
        except FileExistsError:
            # Unless they were deleted just now: then they are linked after all.
            with suppress(FileNotFoundError):
                os.utime(path)
                return
    raise FileExistsError(path.name)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _leaves(folder: Path) -> list[Path]:
    """The folders `aa/bb`."""
    return [leaf for part in sorted(folder.iterdir()) for leaf in sorted(part.iterdir())]


def _files(folder: Path, prefix: str, before_s: float) -> list[str]:
    """Files that begin with `prefix` and were last changed before then."""
    with os.scandir(folder) as entries:
        return [e.name for e in entries if e.name.startswith(prefix) and _older(e, before_s)]


def _older(entry: "os.DirEntry[str]", before_s: float) -> bool:
    try:
        return entry.stat().st_mtime <= before_s
    except FileNotFoundError:
        return False
