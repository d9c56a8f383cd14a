"""What a home's databases hold, be they files of SQLite or schemas of a PostgreSQL server."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from synfonium.testing.chosen_database import database_of
from synfonium.testing.postgresql_server import find_postgresql

__all__ = ["analyse", "held_elsewhere", "query", "tables"]


def query(home: Path, app: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of one statement that only reads, on an app's tables."""
    if url := database_of(home).get("SYNFONIUM_DATABASE"):
        with psycopg.connect(url, options=f"-c search_path={app}") as connection:
            return connection.execute(statement.encode()).fetchall()
    path = home / "databases" / f"{app}.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        return file.execute(statement).fetchall()


def tables(home: Path) -> Iterator[tuple[str, str]]:
    """App and table, for every table of every app; not those of the jobs' own library."""
    if url := database_of(home).get("SYNFONIUM_DATABASE"):
        with psycopg.connect(url) as connection:
            yield from connection.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchall()
        return
    for path in (home / "databases").glob("*.sqlite"):
        if path.stem != "jobs":
            found = query(home, path.stem, "SELECT name FROM sqlite_master WHERE type='table'")
            yield from ((path.stem, name) for (name,) in found)


def analyse(home: Path) -> None:
    """PostgreSQL notes frequent values, as it does by itself now and then."""
    if url := database_of(home).get("SYNFONIUM_DATABASE"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")


def held_elsewhere(home: Path, folder: Path) -> list[Path]:
    """Files that are not in the home: on PostgreSQL a dump, made in `folder`, and the files in
    which the server keeps this database. Its log of changes is the operator's, as a backup is."""
    url = database_of(home).get("SYNFONIUM_DATABASE")
    if not url:
        return []
    programs, dump = find_postgresql(), folder / "dump.sql"
    assert programs is not None
    subprocess.run([programs / "pg_dump", f"--file={dump}", url], check=True, timeout=100)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # until then the server keeps files that it has replaced
        found = connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
    assert found is not None
    own = [path for path in (Path(found[0]) / "base" / str(found[1])).iterdir() if path.is_file()]
    assert own
    return [dump, *own]
