"""How many audit rows a second are written with their chain, and how many are checked?

    .venv/bin/python benchmarks/how_many_audit_rows_a_second.py [--rounds N]

Goal: at least 10 000 rows/s written durably, each through `context.audit.add` in the app's own
database. SQLite and PostgreSQL (Debian's, with fsync), by 512 callers who wait for their answer, with
one row and with 16 rows a deed. Peer in the same round: the same insert without a chain. Checked: every
hash, link and signature, as `synfonium audit verify` does. Wall time and CPU of this process beside one
another. Medians. Writes benchmarks/results/audit_rows.json.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from answers import keep
from sqlalchemy import Connection, MetaData, insert

from synfonium.engines.database.postgresql import open_postgresql
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.audit import Audit, audit_table
from synfonium.kernel.audit.book import AuditBook
from synfonium.kernel.audit.heads import Signer
from synfonium.kernel.audit.keeper import Keeper
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql

CALLERS = 512
PERSON, SUBJECT = "01m8fsstgv1r1k3v5s7k71s7r3", "drive:node/01m8fsstgv1r1k3v5s7k71s7r3"
Taken = dict[str, list[tuple[float, float]]]
Deed = Callable[[Connection], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=40_000, help="rows of a measurement")
    asked = parser.parse_args()
    taken: Taken = {}
    programs = find_postgresql()
    server = PostgresqlServer(programs) if programs else None
    try:
        for number in range(asked.rounds):
            with tempfile.TemporaryDirectory() as folder:
                database = open_sqlite(Path(folder) / "drive.sqlite")
                asyncio.run(measure("sqlite", database, Path(folder), asked.rows, taken))
            if server:
                with tempfile.TemporaryDirectory() as folder:
                    database = open_postgresql(server.url, schema=f"round{number}")
                    asyncio.run(measure("postgresql", database, Path(folder), asked.rows, taken))
    finally:
        if server:
            server.remove()
    keep("audit_rows", {"audit": {name: median(measured) for name, measured in taken.items()}})


async def measure(product: str, database: Database, folder: Path, rows: int, taken: Taken) -> None:
    """Every subject once, in one database."""
    clock, metadata = SystemClock(), MetaData()
    audit_table("drive", metadata)
    plain = audit_table("plain", metadata)
    with suppress(Exception):
        database.alter(metadata.create_all)
    audit, signer = Audit("drive", clock), Signer(InstallationSecretBox(os.urandom(32)))
    keeper = Keeper("drive", database, signer, folder / "audit", clock)
    row = {
        "time_s": clock.now_s(),
        "person": PERSON,
        "act": "drive.node.write",
        "subject": SUBJECT,
        "by_app": "",
        "previous": "",
        "hash": "",
    }

    def without(connection: Connection) -> None:
        connection.execute(insert(plain), [row])

    def one(connection: Connection) -> None:
        audit.add(connection, PERSON, "drive.node.write", SUBJECT)

    def sixteen(connection: Connection) -> None:
        for _ in range(16):
            audit.add(connection, PERSON, "drive.node.write", SUBJECT)

    deeds = [(PERSON, "drive.node.write", SUBJECT, "")] * 64

    def many(connection: Connection) -> None:
        audit.add_many(connection, deeds)

    for name, deed, size in (
        ("written without a chain, a row a deed", without, 1),
        ("written, a row a deed", one, 1),
        ("written, 16 rows a deed, one by one", sixteen, 16),
        ("written, 64 rows a deed, at once", many, 64),
    ):
        measured = await write(database, deed, rows // size, rows)
        taken.setdefault(f"{product}, {name}", []).append(measured)
    wall, cpu = time.perf_counter(), time.process_time()
    await keeper.sign()
    taken.setdefault(f"{product}, checked and signed", []).append(rate(3 * rows, wall, cpu))
    book = AuditBook({"drive": lambda: database}, signer, folder / "audit", keeper_sign(keeper))
    wall, cpu = time.perf_counter(), time.process_time()
    verdict = await book.verify_app("drive")
    assert verdict.is_whole
    assert verdict.rows == rows + rows // 16 * 16 + rows // 64 * 64
    taken.setdefault(f"{product}, verified", []).append(rate(verdict.rows, wall, cpu))
    database.close()


def keeper_sign(keeper: Keeper) -> Callable[[], object]:
    async def sign() -> None:
        await keeper.sign()

    return sign


async def write(database: Database, deed: Deed, deeds: int, rows: int) -> tuple[float, float]:
    async def call(times: int) -> None:
        for _ in range(times):
            await database.write(deed)

    wall, cpu = time.perf_counter(), time.process_time()
    share, rest = divmod(deeds, CALLERS)
    await asyncio.gather(*(call(share + (number < rest)) for number in range(CALLERS)))
    return rate(rows, wall, cpu)


def rate(rows: int, wall: float, cpu: float) -> tuple[float, float]:
    return rows / (time.perf_counter() - wall), (time.process_time() - cpu) / rows * 1e6


def median(measured: list[tuple[float, float]]) -> dict[str, int]:
    return {
        "rows_per_s": round(statistics.median(speed for speed, _ in measured)),
        "cpu_us_per_row": round(statistics.median(cpu for _, cpu in measured)),
    }


if __name__ == "__main__":
    main()
