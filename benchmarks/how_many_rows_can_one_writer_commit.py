"""How many rows a second does the one writer commit durably, and what does a row cost?

    .venv/bin/python benchmarks/how_many_rows_can_one_writer_commit.py [--rounds N]

Peers, in turn in each round: Python's sqlite3 with a commit for each row, and with one for
64 rows (the bound); our engine with 1, 8, 64 and 512 callers who wait for their answer.
All with WAL and synchronous=FULL. Medians. Writes benchmarks/results/rows.json.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from answers import keep
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert

from synfonium.engines.database.sqlite import open_sqlite

CALLERS = (1, 8, 64, 512)
metadata = MetaData()
table = Table(
    "row", metadata, Column("id", Integer, primary_key=True), Column("a", String), Column("b", Integer)
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--rows", type=int, default=6000, help="rows of a measurement; a tenth where each commits"
    )
    asked = parser.parse_args()
    subjects: dict[str, Callable[[Path], tuple[float, float]]] = {
        "sqlite3, a commit each": lambda path: raw(path, asked.rows // 10, group=1),
        "sqlite3, a commit for 64": lambda path: raw(path, asked.rows, group=64),
    }
    for callers in CALLERS:
        rows = asked.rows // 10 if callers == 1 else asked.rows
        subjects[f"ours, {callers} callers"] = lambda path, n=rows, c=callers: ours(path, n, c)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            for name, measure in subjects.items():
                taken[name].append(measure(Path(folder) / f"{number}-{len(taken[name])}-{name}.sqlite"))
    keep("rows", {"rows": {name: median(measured) for name, measured in taken.items()}})


def raw(path: Path, rows: int, *, group: int) -> tuple[float, float]:
    """Rows a second and microseconds of CPU a row."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)")
        wall, cpu = time.perf_counter(), time.process_time()
        for first in range(0, rows, group):
            connection.execute("BEGIN IMMEDIATE")
            for number in range(first, min(first + group, rows)):
                connection.execute("INSERT INTO row VALUES (?, ?, ?)", (number, f"row {number}", number))
            connection.execute("COMMIT")
        return rate(rows, wall, cpu)


def ours(path: Path, rows: int, callers: int) -> tuple[float, float]:
    database = open_sqlite(path)
    database.alter(metadata.create_all)

    async def call(numbers: range) -> None:
        for number in numbers:
            await database.write(lambda c, n=number: add(c, n))  # type: ignore[misc]

    async def run() -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(call(range(first, rows, callers)) for first in range(callers)))
        return rate(rows, wall, cpu)

    try:
        return asyncio.run(run())
    finally:
        database.close()


def add(connection: Connection, number: int) -> None:
    connection.execute(insert(table), {"id": number, "a": f"row {number}", "b": number})


def rate(rows: int, wall: float, cpu: float) -> tuple[float, float]:
    return rows / (time.perf_counter() - wall), (time.process_time() - cpu) / rows * 1e6


def median(measured: list[tuple[float, float]]) -> dict[str, int]:
    return {
        "rows_per_s": round(statistics.median(speed for speed, _ in measured)),
        "cpu_us_per_row": round(statistics.median(cpu for _, cpu in measured)),
    }


if __name__ == "__main__":
    main()
