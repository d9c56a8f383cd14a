"""A process that adds audit rows as fast as it can, made to be killed.

`python -m tests.kernel.audit_writer TARGET`, spoken to as child.serve_forks says; TARGET is a file,
or a postgresql:// address. `count N` adds N rows, `add 0` adds for ever.
"""

import asyncio
import sys
from pathlib import Path

from synfonium.engines.database.postgresql import open_postgresql
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.audit import Audit
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.testing.child import serve_forks

TASKS = 16


def open_target(target: str) -> Database:
    if target.startswith("postgresql:"):
        return open_postgresql(target, schema="drive")
    return open_sqlite(Path(target))


async def _add(target: str, count: int | None) -> None:
    database, audit = open_target(target), Audit("drive", SystemClock())
    left = [count if count is not None else 10**9]

    async def task() -> None:
        while left[0] > 0:
            left[0] -= 1
            await database.write(lambda c: audit.add(c, "p" * 26, "drive.node.write", "drive:node/1"))

    await asyncio.gather(*(task() for _ in range(TASKS)))
    database.close()


def main() -> None:
    target = sys.argv[1]

    def run(command: str, number: int) -> None:
        asyncio.run(_add(target, number if command == "count" else None))

    serve_forks(run)


if __name__ == "__main__":
    main()
