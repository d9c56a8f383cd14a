"""All SQLite files of a home, copied at one moment and put back."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

from synfonium.common.problem import StorageFull
from synfonium.ports.copies import CopyFailed, Seen, TableCount

_LOCK_TIMEOUT_S = 30.0
_PAGES = 2048
_BESIDE = ("-wal", "-shm", "-journal")


class SqliteCopies:
    """DatabaseCopies (see the port) of every `*.sqlite` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, folder: Path, seen: Seen) -> list[TableCount]:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths = sorted(self._paths(), key=lambda path: (path.stat().st_size, path.name))
        total = float(sum(path.stat().st_size for path in paths))
        done = 0.0
        with ExitStack() as stack, _explained():
            for path, source in _at_one_moment(paths, stack):
                target = folder / path.name
                _copy_one(source, target, partial(_told, seen, done, total))
                source.close()
                done += target.stat().st_size
        return _count(folder)

    def put_back(self, folder: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _explained():
            fresh = self._all_beside(folder)
            for new in fresh:
                _forget_log(self._folder / new.name.removesuffix(".new"))
                new.rename(self._folder / new.name.removesuffix(".new"))
            wanted = {new.name.removesuffix(".new") for new in fresh}
            for path in self._paths():
                if path.name not in wanted:
                    _forget_log(path)
                    path.unlink()
        _sync(self._folder)

    def count(self) -> list[TableCount]:
        with _explained():
            return _count(self._folder)

    def is_empty(self) -> bool:
        return not self._paths()

    @contextmanager
    def scratch(self) -> Iterator[str]:
        yield "sqlite"  # its files lie in the home that is tried

    def integrity(self) -> list[str]:
        found = []
        for path in self._paths():
            try:
                with closing(
                    sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)
                ) as raw:
                    raw.execute("PRAGMA query_only=ON")
                    said = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
            except sqlite3.Error as error:
                said = type(error).__name__
            if said != "ok":
                found.append(f"{path.stem}: {str(said)[:100]}")
        return found

    def _all_beside(self, folder: Path) -> list[Path]:
        """Everything new is there before anything old goes."""
        try:
            return [_beside(path, self._folder) for path in sorted(folder.glob("*.sqlite"))]
        except BaseException:
            for new in self._folder.glob("*.sqlite.new"):
                new.unlink()
            raise

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.sqlite"))


def _at_one_moment(paths: list[Path], stack: ExitStack) -> list[tuple[Path, sqlite3.Connection]]:
    """Connections that all read the state of one moment: for a few milliseconds no writer
    of any database may go on."""
    with ExitStack() as stopped:
        for path in paths:
            writer = stopped.enter_context(closing(_open(path)))
            writer.execute("BEGIN IMMEDIATE")
        readers = []
        for path in paths:
            reader = stack.enter_context(closing(_open(path)))
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            readers.append((path, reader))
    return readers


def _open(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(
        uri, uri=True, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )


def _copy_one(source: sqlite3.Connection, target: Path, seen: Callable[[float], None]) -> None:
    # Page by page, and not VACUUM INTO: what did not change stays where it was, so that the
    # next backup adds only what did.
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    page_bytes = source.execute("PRAGMA page_size").fetchone()[0]
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous=OFF")

        def told(_status: int, remaining: int, pages: int) -> None:
            seen((pages - remaining) * page_bytes)

        source.backup(copy, pages=_PAGES, progress=told)
    _sync(target)


def _told(seen: Seen, before: float, total: float, size_bytes: float) -> None:
    seen(min(before + size_bytes, total), total)


def _count(folder: Path) -> list[TableCount]:
    found = []
    for path in sorted(folder.glob("*.sqlite")):
        with closing(_open(path)) as raw:
            raw.execute("PRAGMA query_only=ON")
            names = [r[0] for r in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in sorted(name for name in names if not name.startswith("sqlite_")):
                rows = raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                found.append(TableCount(database=path.stem, table=name, rows=rows))
    return found


def _beside(path: Path, folder: Path) -> Path:
    """A synced copy in `folder`, not yet at its place."""
    new = folder / f"{path.name}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    with path.open("rb") as source, new.open("wb") as out:
        while piece := source.read(1024 * 1024):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    return new


def _forget_log(path: Path) -> None:
    """A log that belongs to other content would be played into it."""
    for ending in _BESIDE:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
            raise StorageFull from error
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise CopyFailed(f"a database cannot be copied ({name})") from error
    except OSError as error:
        if error.errno in (28, 122):
            raise StorageFull from error
        raise
