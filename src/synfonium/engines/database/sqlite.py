"""SQLite, one file an app: WAL, every commit synced before its answer."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from synfonium.common.problem import StorageFull
from synfonium.engines.database.threaded import ThreadedDatabase
from synfonium.ports.database import DatabaseUnavailable

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_UNAVAILABLE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN}
_LOCK_TIMEOUT_S = 30.0
_WAL_KEPT_BYTES = 64 * 1024 * 1024


def open_sqlite(path: Path, *, read_only: bool = False) -> ThreadedDatabase:
    """The database in the file `path`, made when absent unless `read_only`.

    Any number of processes may open one file: writers wait for one another, readers see
    every commit. A read-only opener may come before the file; until then its reads raise
    DatabaseUnavailable. Raises OSError when the file cannot be made.
    """
    if not read_only:
        _make(path)
    return ThreadedDatabase(SqliteBackend(path), read_only=read_only)


class SqliteBackend:
    """See threaded.Backend."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = self._engine(read_only=False)
        self._reading = self._engine(read_only=True)

    def connect(self, *, read_only: bool) -> Connection:
        return (self._reading if read_only else self._writing).connect()

    def begin(self, connection: Connection, *, read_only: bool, alone: bool) -> None:
        connection.begin()
        if alone:
            # A table is rebuilt by dropping it, which must not delete what refers to it
            # (sqlite.org/lang_altertable.html#otheralter); commit() checks instead.
            self.execute(connection, "PRAGMA foreign_keys=OFF")
        self.execute(connection, "BEGIN" if read_only else "BEGIN IMMEDIATE")

    def execute(self, connection: Connection, statement: str) -> None:
        try:
            _raw(connection).execute(statement)
        except sqlite3.Error as error:
            raise self.explain(error) from error

    def commit(self, connection: Connection, *, alone: bool) -> None:
        if alone and (broken := _raw(connection).execute("PRAGMA foreign_key_check").fetchall()):
            raise ValueError(f"foreign keys are broken in {sorted({row[0] for row in broken})}")
        connection.commit()
        if alone:
            self.execute(connection, "PRAGMA foreign_keys=ON")

    def scour(self) -> None:
        raw = _connect(self._path, read_only=False)
        try:
            # The file is written anew from what lives; then the log, which holds pages as
            # they were, is emptied. Readers of an old state are waited for.
            raw.execute("VACUUM")
            deadline_s = time.monotonic() + _LOCK_TIMEOUT_S
            while raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline_s:
                    raise DatabaseUnavailable
                time.sleep(0.05)
        finally:
            raw.close()

    def explain(self, error: BaseException) -> BaseException:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0)
        if code in _FULL:
            return StorageFull()
        if code & 0xFF in _UNAVAILABLE:
            return DatabaseUnavailable()
        return error

    def _engine(self, *, read_only: bool) -> Engine:
        path = self._path
        return create_engine(
            "sqlite://", creator=lambda: _connect(path, read_only), poolclass=NullPool, hide_parameters=True
        )


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    # mode=rw, not ro: a reader must be able to make the shared memory file of the WAL.
    raw = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=_LOCK_TIMEOUT_S,
        isolation_level=None,
        cached_statements=256,
    )
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    raw.execute("PRAGMA foreign_keys=ON")
    # What a person deleted is overwritten, not only unlinked.
    raw.execute("PRAGMA secure_delete=ON")
    raw.execute(f"PRAGMA journal_size_limit={_WAL_KEPT_BYTES}")
    return raw


def _make(path: Path) -> None:
    """Makes the file and its folder, readable by us alone, in WAL mode for ever."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    raw = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S)
    try:
        raw.execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
