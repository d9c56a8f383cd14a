# SPDX-License-Identifier: Apache-2.0
"""A process that writes rows and says which are acknowledged, made to be killed.

Run by the database suite: `python -m synfonium.testing.database_writer OPENER TARGET`,
spoken to as child.serve_forks says.
"""

import asyncio
import os
import sys
from importlib import import_module

from sqlalchemy import Connection, text

from synfonium.ports.database import Database
from synfonium.testing.child import serve_forks

_TASKS = 16


def open_database(opener: str, target: str, *, read_only: bool = False) -> Database:
    """Calls `opener` (`module:function`) with the target and `read_only`."""
    module, _, name = opener.partition(":")
    opened: Database = getattr(import_module(module), name)(target, read_only=read_only)
    return opened


def add_pair(connection: Connection, number: int) -> None:
    """Two rows that belong together."""
    for half in (0, 1):
        connection.execute(
            text("INSERT INTO suite_pair (id, half) VALUES (:id, :half)"), {"id": number, "half": half}
        )


def add_one(connection: Connection) -> None:
    """Reads, then writes: two writers at once would lose one of two."""
    value = connection.execute(text("SELECT value FROM suite_counter")).scalar_one()
    connection.execute(text("UPDATE suite_counter SET value = :value"), {"value": value + 1})


async def _write_for_ever(database: Database, first: int) -> None:
    async def write(number: int) -> None:
        while True:
            await database.write(lambda connection, n=number: add_pair(connection, n))  # type: ignore[misc]
            os.write(1, f"ack {number}\n".encode())
            number += _TASKS

    await asyncio.gather(*(write(first + i) for i in range(_TASKS)))


async def _count(database: Database, times: int) -> None:
    await asyncio.gather(*(database.write(add_one) for _ in range(times)))


def _run(opener: str, target: str, command: str, number: int) -> None:
    database = open_database(opener, target)
    asyncio.run(_write_for_ever(database, number) if command == "write" else _count(database, number))
    database.close()


def main() -> None:
    opener, target = sys.argv[1:3]
    import_module(opener.partition(":")[0])
    serve_forks(lambda command, number: _run(opener, target, command, number))


if __name__ == "__main__":
    main()
