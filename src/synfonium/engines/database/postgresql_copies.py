"""All schemas of a home in PostgreSQL by pg_dump, and the jobs' own file beside them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from synfonium.engines.database.sqlite_copies import SqliteCopies
from synfonium.ports.copies import CopyFailed, Seen, TableCount

_DUMP = "postgresql.dump"
_CONNECT_TIMEOUT_S = 5


class PostgresqlCopies:
    """DatabaseCopies (see the port) of `schemas` at `url`, and of the files in `folder`.

    The dump is one repeatable-read snapshot; the jobs' file is copied after it, so that a
    job whose event has left its outbox is in the copy.
    """

    def __init__(self, url: str, schemas: Sequence[str], folder: Path) -> None:
        self._url, self._schemas = url, sorted(schemas)
        self._files = SqliteCopies(folder)

    def copy(self, folder: Path, seen: Seen) -> list[TableCount]:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        seen(0, 0)
        with self._connect() as raw, raw.transaction():
            raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = _one(raw.execute("SELECT pg_export_snapshot()"))
            counts = self._count(raw)
            present = {count.database for count in counts}
            chosen = [f"--schema={name}" for name in self._schemas if name in present]
            words = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]
            if chosen:
                self._run("pg_dump", f"--snapshot={snapshot}", f"--file={folder / _DUMP}", *words, *chosen)
        return counts + self._files.copy(folder, seen)

    def put_back(self, folder: Path) -> None:
        with self._connect() as raw, raw.transaction():
            for name in self._schemas:
                raw.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        if (folder / _DUMP).exists():
            words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
            self._run("pg_restore", *words, os.fspath(folder / _DUMP))
        self._files.put_back(folder)

    def count(self) -> list[TableCount]:
        with self._connect() as raw, raw.transaction():
            raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return self._count(raw) + self._files.count()

    def is_empty(self) -> bool:
        with self._connect() as raw:
            return not self._count(raw) and self._files.is_empty()

    @contextmanager
    def scratch(self) -> Iterator[str]:
        name = f"synfonium_rehearsal_{os.urandom(4).hex()}"
        try:
            self._alone(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise CopyFailed("the PostgreSQL user may not make databases: ALTER USER … CREATEDB") from None
        known = {k: str(v) for k, v in conninfo_to_dict(self._url).items() if v is not None}
        try:
            yield _url({**known, "dbname": name})
        finally:
            self._alone(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _alone(self, statement: sql.Composed) -> None:
        with self._connect() as raw:
            raw.autocommit = True
            raw.execute(statement)

    def integrity(self) -> list[str]:
        """The server checks its own pages where it was told to; we read every table's number."""
        try:
            self.count()
        except CopyFailed as failure:
            return [str(failure)]
        return self._files.integrity()

    def _count(self, raw: "psycopg.Connection[Any]") -> list[TableCount]:
        named = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2"
        found = []
        for schema, table in raw.execute(named, (self._schemas,)).fetchall():
            counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
            found.append(TableCount(database=schema, table=table, rows=int(_one(raw.execute(counting)))))
        return found

    def _connect(self) -> "psycopg.Connection[Any]":
        try:
            return psycopg.connect(
                self._url, connect_timeout=_CONNECT_TIMEOUT_S, application_name="synfonium"
            )
        except psycopg.OperationalError:
            raise CopyFailed("PostgreSQL does not answer") from None

    def _run(self, program: str, *words: str) -> None:
        path = shutil.which(program)
        if path is None:
            raise CopyFailed(f"{program} is not installed: apt-get install postgresql-client")
        known = {key: str(value) for key, value in conninfo_to_dict(self._url).items() if value is not None}
        password = known.pop("password", "")
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
        if password:
            environment["PGPASSWORD"] = password
        address = " ".join(f"{key}='{_quoted(value)}'" for key, value in known.items())
        ended = subprocess.run(
            [path, f"--dbname={address}", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            line = next((one for one in ended.stderr.splitlines() if "error" in one.lower()), "it failed")
            raise CopyFailed(f"{program}: {line.removeprefix(f'{program}: ')[:200]}")


def _url(known: dict[str, str]) -> str:
    """A `postgresql://` address of these parts."""
    rest = {
        key: value
        for key, value in known.items()
        if key not in ("user", "password", "host", "port", "dbname")
    }
    user = ":".join(quote(known[key], safe="") for key in ("user", "password") if key in known)
    host = known.get("host", "")
    if host.startswith("/"):
        rest, host = {**rest, "host": host}, ""
    where = f"{host}:{known['port']}" if "port" in known and host else host
    return f"postgresql://{user + '@' if user else ''}{where}/{known['dbname']}" + (
        f"?{urlencode(rest)}" if rest else ""
    )


def _quoted(value: str) -> str:
    """For a connection string (postgresql.org/docs/15/libpq-connect.html)."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _one(cursor: "psycopg.Cursor[Any]") -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]
