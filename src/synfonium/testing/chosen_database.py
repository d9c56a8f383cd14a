# SPDX-License-Identifier: Apache-2.0
"""Lets the same tests run on SQLite and, when TEST_DATABASE_URL says so, on PostgreSQL."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString, NamedTuple

from synfonium.ports.database import Database

VARIABLE = "TEST_DATABASE_URL"


class Tables(NamedTuple):
    """What a new database begins with. version: stands for it; make: puts it into the empty one of a URL."""

    version: Callable[[], str]
    make: Callable[[str], None]


def database_of(home: Path, tables: Tables | None = None) -> dict[str, str]:
    """Settings that give `home` its own database on the server that the variable names.

    `postgresql://user@host:port/any` gives each home a database of its own there, made
    when absent, with `tables` or empty; nothing set gives nothing, and so SQLite.
    """
    server = os.environ.get(VARIABLE)
    if not server:
        return {}
    on = _Server(server)
    name = _made[home] = f"home_{_short(os.fsencode(home))}"
    if not on.has(name):
        on.run(_CREATE, name, on.template(tables) if tables else "template1")
    return {"SYNFONIUM_DATABASE": on.url(name)}


_made: dict[Path, str] = {}
_CREATE: LiteralString = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"


def drop_of_gone_homes() -> None:
    """Drops the databases that this process asked for and whose home is gone: each takes 12 MB."""
    for home in [home for home in _made if not home.exists()]:
        name = _made.pop(home)
        _Server(os.environ[VARIABLE]).run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


class _Server:
    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, name: str) -> str:
        return f"{self._url.rpartition('/')[0]}/{name}"

    def has(self, name: str) -> bool:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            return found.fetchone() is not None

    def run(self, statement: LiteralString, *names: str) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL(statement).format(*map(psycopg.sql.Identifier, names)))

    def template(self, tables: Tables) -> str:
        """The name of a database with these tables, which is made once: to migrate for each home takes
        most of a short test's time. Others wait meanwhile; one that was half made is never used."""
        import psycopg

        name = f"tables_{_short(tables.version().encode())}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
            if not self.has(name):
                self.run("DROP DATABASE IF EXISTS {}", f"{name}_half")
                self.run("CREATE DATABASE {}", f"{name}_half")
                tables.make(self.url(f"{name}_half"))
                self.run("ALTER DATABASE {} RENAME TO {}", f"{name}_half", name)
        return name


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def open_chosen(home: Path, app: str) -> Database:
    """The database of `app` alone, for tests without a whole installation: in `home`, or on the server."""
    if url := database_of(home).get("SYNFONIUM_DATABASE"):
        from synfonium.engines.database.postgresql import open_postgresql

        return open_postgresql(url, schema=app)
    from synfonium.engines.database.sqlite import open_sqlite

    return open_sqlite(home / f"{app}.sqlite")
