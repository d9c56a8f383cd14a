# SPDX-License-Identifier: Apache-2.0
"""Lets the same tests run on SQLite and, when TEST_DATABASE_URL says so, on PostgreSQL."""

import hashlib
import os
from pathlib import Path

from synfonium.ports.database import Database

VARIABLE = "TEST_DATABASE_URL"


def database_of(home: Path) -> dict[str, str]:
    """Settings that give `home` its own database on the server that the variable names.

    `postgresql://user@host:port/any` gives each home a database of its own there, made
    when absent; nothing set gives nothing, and so SQLite.
    """
    server = os.environ.get(VARIABLE)
    if not server:
        return {}
    import psycopg

    name = f"home_{hashlib.sha256(os.fsencode(home)).hexdigest()[:20]}"
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not found:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    return {"SYNFONIUM_DATABASE": f"{server.rpartition('/')[0]}/{name}"}


def open_chosen(home: Path, app: str) -> Database:
    """The database of `app` alone, for tests without a whole installation: in `home`, or on the server."""
    if url := database_of(home).get("SYNFONIUM_DATABASE"):
        from synfonium.engines.database.postgresql import open_postgresql

        return open_postgresql(url, schema=app)
    from synfonium.engines.database.sqlite import open_sqlite

    return open_sqlite(home / f"{app}.sqlite")
