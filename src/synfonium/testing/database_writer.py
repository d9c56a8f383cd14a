"""A process that writes rows and says which are acknowledged, made to be killed.

Run by the database suite: `python -m synfonium.testing.database_writer OPENER TARGET`.
It forks a writer for each line `write FIRST`; `kill` ends that writer by SIGKILL. So
the time to import is paid once.
"""

import asyncio
import os
import signal
import sys
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, text

from synfonium.ports.database import Database

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
            _say(f"ack {number}")
            number += _TASKS

    await asyncio.gather(*(write(first + i) for i in range(_TASKS)))


async def _count(database: Database, times: int) -> None:
    await asyncio.gather(*(database.write(add_one) for _ in range(times)))


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def _fork(opener: str, target: str, command: str, number: int) -> int:
    child = os.fork()
    if child:
        return child
    try:
        database = open_database(opener, target)
        steps: Any = _write_for_ever if command == "write" else _count
        asyncio.run(steps(database, number))
        database.close()
    finally:
        os._exit(0)


def main() -> None:
    opener, target = sys.argv[1:3]
    module, _, _ = opener.partition(":")
    import_module(module)
    child = 0
    _say("ready")
    for line in sys.stdin:
        command, _, number = line.strip().partition(" ")
        if command in ("write", "count"):
            child = _fork(opener, target, command, int(number))
        if command == "kill":
            os.kill(child, signal.SIGKILL)
        if command in ("kill", "count"):
            os.waitpid(child, 0)
            _say("gone")


if __name__ == "__main__":
    main()
