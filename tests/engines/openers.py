"""How the suites, and the processes that it starts, open each engine."""

import time
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from synfonium.engines.blobs.local import LocalBlobs
from synfonium.engines.blobs.s3 import S3Blobs, parse_s3
from synfonium.engines.database.postgresql import open_postgresql
from synfonium.engines.database.sqlite import SqliteBackend, open_sqlite
from synfonium.engines.database.threaded import ThreadedDatabase
from synfonium.engines.database.work import Outcome, Work, answer
from synfonium.kernel.small_blobs import SmallBlobs, small_blobs_table
from synfonium.ports.blobs import BlobStore
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.testing.s3_server import KEY_ID


def sqlite(target: str, *, read_only: bool) -> Database:
    return open_sqlite(Path(target), read_only=read_only)


def postgresql(target: str, *, read_only: bool) -> Database:
    url, _, schema = target.rpartition("#")
    return open_postgresql(url, schema=schema, read_only=read_only)


class HastyDatabase(ThreadedDatabase):
    """A defect on purpose: it answers before the commit."""

    def _serve_group(self, line: Any, group: list[Work[Any]]) -> None:
        def answer_all(connection: Any) -> None:
            answer(group, [Outcome(work.run(connection)) for work in group])
            time.sleep(0.02)

        line.commit([Work(answer_all, alone=group[0].alone)])


def hasty(target: str, *, read_only: bool) -> Database:
    open_sqlite(Path(target), read_only=read_only).close()
    return HastyDatabase(SqliteBackend(Path(target)), read_only=read_only)


class SharedFateBackend(SqliteBackend):
    """A defect on purpose: no savepoints, so that what a failing work wrote is kept."""

    def execute(self, connection: Any, statement: str) -> None:
        if "SAVEPOINT" not in statement:
            super().execute(connection, statement)


def shared_fate(target: str, *, read_only: bool) -> Database:
    open_sqlite(Path(target), read_only=read_only).close()
    return ThreadedDatabase(SharedFateBackend(Path(target)), read_only=read_only)


class LockFreeBackend(SqliteBackend):
    """A defect on purpose: two writers may read the same row before either writes it."""

    def begin(self, connection: Any, *, read_only: bool, alone: bool) -> None:
        super().begin(connection, read_only=True, alone=alone)
        time.sleep(0.001)


def lock_free(target: str, *, read_only: bool) -> Database:
    open_sqlite(Path(target), read_only=read_only).close()
    return ThreadedDatabase(LockFreeBackend(Path(target)), read_only=read_only)


def local_blobs(target: str) -> BlobStore:
    return LocalBlobs(Path(target), kept_free_bytes=0)


def s3_blobs(target: str) -> BlobStore:
    url, _, key_file = target.partition(" ")
    return S3Blobs(parse_s3(url, key_id=KEY_ID, key_file=key_file), "drive")


class HastyBlobs(LocalBlobs):
    """A defect on purpose: blobs are visible while they are written."""

    def publish(self, incoming: Path, name: str) -> None:
        path = self._path(name)
        self._make_folders(path.parent)
        content = incoming.read_bytes()
        with path.open("wb") as file:
            for start in range(0, len(content), 50_000):
                file.write(content[start : start + 50_000])
                file.flush()
                time.sleep(0.001)
        incoming.unlink()


def hasty_blobs(target: str) -> BlobStore:
    return HastyBlobs(Path(target), kept_free_bytes=0)


def small_blobs(target: str) -> BlobStore:
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    database = open_sqlite(folder / "small.sqlite")
    table = small_blobs_table("small", MetaData())
    database.alter(lambda connection: table.create(connection, checkfirst=True))
    return SmallBlobs("small", database, local_blobs(str(folder / "blobs")), SystemClock())
