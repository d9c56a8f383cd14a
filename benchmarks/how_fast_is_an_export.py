"""Is the export of a person limited by the disk?

    .venv/bin/python benchmarks/how_fast_is_an_export.py [--gigabytes N] [--rounds N] [--folder DIR]

A drive of N GB in files of 1 MB to 64 MB of noise is exported through the product's own
service. Peers in the same round, on the same disk and the same bytes: `cp -r` of the sealed
blobs and sync, and `dd` of as many bytes with fsync, which reads nothing. Medians of MB/s of wall
time, of CPU seconds a GB, and of how many times longer than `cp` of that round the export takes,
in wall time and in CPU. Goal: limited by the disk, so at most 1.2 times the wall time of `cp`.
Three times N GB must be free. Writes benchmarks/results/export_<N>_gb.json.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

from answers import keep

from synfonium.apps.drive.service import DriveService
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.coming import Whose
from synfonium.testing.client import Installation, installation

MEGABYTE = 1_000_000
SIZES = (1 * MEGABYTE, 4 * MEGABYTE, 16 * MEGABYTE, 64 * MEGABYTE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        taken = asyncio.run(measure(Path(folder), int(asked.gigabytes * 1e9), asked.rounds))
    keep(f"export_{asked.gigabytes:g}_gb", {**summed_up(taken), "rounds": asked.rounds})


def summed_up(taken: dict[str, list[tuple[float, float, float]]]) -> dict[str, object]:
    """Medians; a ratio is taken in each round first, since the machine is another in the next."""
    pairs = list(zip(taken["export"], taken["cp"], strict=True))
    return {
        "megabytes_a_second": {
            name: median([megabytes / wall for megabytes, wall, _cpu in runs]) for name, runs in taken.items()
        },
        "cpu_s_a_gigabyte": {
            name: median([cpu * 1000 / megabytes for megabytes, _wall, cpu in runs])
            for name, runs in taken.items()
        },
        "export_takes_times_cp": {
            "wall": median([ours[1] / peer[1] for ours, peer in pairs]),
            "cpu": median([ours[2] / peer[2] for ours, peer in pairs]),
        },
    }


async def measure(folder: Path, size_bytes: int, rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """Name to (MB, seconds of wall, seconds of CPU) of each round."""
    taken: dict[str, list[tuple[float, float, float]]] = {"export": [], "cp": [], "dd": []}
    async with installation(folder / "home") as house:
        whose = await fill(house, size_bytes)
        blobs = house.context("drive").home / "blobs"
        for _round in range(rounds):
            taken["export"].append(await export(house, whose, folder / "a.zip"))
            size_mb = taken["export"][-1][0]
            taken["cp"].append(timed(folder, size_mb, partial(copied, blobs, folder / "copy")))
            taken["dd"].append(timed(folder, size_mb, partial(written, folder / "plain", int(size_mb))))
    return taken


async def fill(house: Installation, size_bytes: int) -> Whose:
    await house.person("ada")
    found = await house.call("identity.user_find", {"name": "ada"})
    person = Person(id=PersonId(found["id"]), name="ada", display="Ada", by_session=True)
    drive: DriveService = house.context("drive").service
    top, chance, done = (await drive.tree.top(person)).id, random.Random(1), 0
    while done < size_bytes:
        size = min(chance.choice(SIZES), size_bytes - done)
        await drive.files.write(person, top, f"{done}.bin", noise(size))
        done += size
    return Whose(person.id, "ada")


async def noise(size_bytes: int) -> AsyncIterator[bytes]:
    for at in range(0, size_bytes, MEGABYTE):
        yield os.urandom(min(MEGABYTE, size_bytes - at))


async def export(house: Installation, whose: Whose, path: Path) -> tuple[float, float, float]:
    async def silent(text: str, done: float = 0, total: float = 0) -> None:
        await asyncio.sleep(0)

    settle()
    wall, cpu = time.perf_counter(), time.process_time()
    written = await house.context("yourdata").service.exports.write(whose, path, silent)
    took = (written.size_bytes / 1e6, time.perf_counter() - wall, time.process_time() - cpu)
    path.unlink()
    return took


def timed(folder: Path, size_mb: float, work: Callable[[], None]) -> tuple[float, float, float]:
    settle()
    before = os.times()
    wall = time.perf_counter()
    work()
    took = time.perf_counter() - wall
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    for made in (folder / "copy", folder / "plain"):
        shutil.rmtree(made, ignore_errors=True) if made.is_dir() else made.unlink(missing_ok=True)
    return size_mb, took, cpu


def settle() -> None:
    """What an earlier measure left to be written is written before the next begins."""
    os.sync()


def copied(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(target)], check=True)
    subprocess.run(["sync", "-f", str(target)], check=True)


def written(path: Path, megabytes: int) -> None:
    command = [
        "dd",
        "if=/dev/zero",
        f"of={path}",
        "bs=1MB",
        f"count={megabytes}",
        "conv=fsync",
        "status=none",
    ]
    subprocess.run(command, check=True)


def median(values: list[float]) -> float:
    return round(statistics.median(values), 2)


if __name__ == "__main__":
    main()
