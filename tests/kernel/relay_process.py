"""A process with an outbox, a relay and a subscriber that writes what it hears to a file.

`python -m tests.kernel.relay_process DATABASE HEARD`; a line on standard input says what
to do: `add N` writes N events and says so, `relay` begins to deliver, `slow-delete` makes
forgetting a delivered event take for ever.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, MetaData

from synfonium.common.event import Event
from synfonium.engines.bus.memory import MemoryBus
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.outbox import Outbox, outbox_table
from synfonium.kernel.relay import Relay
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database

TYPE = "drive.file.written"


class HangingOutbox(Outbox):
    """Its events are never forgotten: the process is killed before."""

    def done(self, connection: Connection, sequences: Sequence[int]) -> None:
        time.sleep(60)


async def main(path: Path, heard: Path) -> None:
    database, bus = open_sqlite(path), MemoryBus()
    outbox = Outbox("drive", SystemClock())
    metadata = MetaData()
    outbox_table("drive", metadata)
    database.alter(metadata.create_all)

    async def hear(event: Event) -> None:
        with heard.open("a") as file:
            file.write(f"{event.id} {event.data['number']}\n")

    await bus.subscribe("listener", frozenset({TYPE}), hear)
    while line := (await asyncio.to_thread(sys.stdin.readline)).split():
        if line[0] == "add":
            await add(database, outbox, int(line[1]))
        if line[0] == "slow-delete":
            outbox = HangingOutbox("drive", SystemClock())
        if line[0] == "relay":
            Relay(database, outbox, bus).start()
        os.write(1, b"done\n")


async def add(database: Database, outbox: Outbox, count: int) -> None:
    for number in range(count):
        await database.write(lambda c, n=number: outbox.add(c, TYPE, f"drive:node/{n}", {"number": n}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
