"""What does it cost to name, seal and verify content, over a plain synced file?

    .venv/bin/python benchmarks/what_does_sealing_cost.py [--rounds N] [--mib N]

Peers, in turn in each round: a plain file written in a thread, synced, renamed, its folder
synced; our local blobs; our sealed blobs. Big: one of `--mib`. Small: 4 KiB each. Medians.
Writes benchmarks/results/sealing.json.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from answers import keep

from synfonium.engines.blobs.local import LocalBlobs
from synfonium.kernel.sealed_blobs import SealedBlobs, SpaceKey

MIB = 1024 * 1024
SMALL_BYTES, SMALL_FILES = 4096, 200
KEY = SpaceKey(bytes(range(32)))

Content = list[bytes]


class Plain:
    """What a careful program does without us."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True)

    async def write(self, content: Content) -> str:
        name = os.urandom(8).hex()
        temporary = self._folder / f"{name}.part"
        with temporary.open("xb", buffering=0) as file:
            for piece in content:
                await asyncio.to_thread(file.write, piece)
            await asyncio.to_thread(os.fsync, file.fileno())
        temporary.rename(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        await asyncio.to_thread(os.fsync, folder)
        os.close(folder)
        return name

    async def read(self, name: str) -> None:
        with (self._folder / name).open("rb", buffering=0) as file:
            while await asyncio.to_thread(file.read, MIB):
                pass


class Local:
    """Our blobs on the local disk, unsealed."""

    def __init__(self, folder: Path) -> None:
        self._store = LocalBlobs(folder)

    async def write(self, content: Content) -> str:
        name = os.urandom(16).hex()
        async with await self._store.writer() as writer:
            for piece in content:
                await writer.write(piece)
            await writer.commit(name)
        return name

    async def read(self, name: str) -> None:
        async for _ in self._store.read(name):
            pass


class Sealed:
    """Our blobs as apps use them."""

    def __init__(self, folder: Path) -> None:
        self._blobs = SealedBlobs(LocalBlobs(folder))

    async def write(self, content: Content) -> str:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in content:
                yield piece

        return (await self._blobs.write(KEY, pieces())).name

    async def read(self, name: str) -> None:
        async for _ in self._blobs.read(KEY, name):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=128)
    asked = parser.parse_args()
    taken: dict[str, dict[str, list[tuple[float, float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            for peer in (Plain, Local, Sealed):
                subject = peer(Path(folder) / f"{peer.__name__}-{number}")
                measured = asyncio.run(measure(subject, asked.mib))
                for what, took in measured.items():
                    taken.setdefault(peer.__name__.lower(), {}).setdefault(what, []).append(took)
    answer = {
        "seconds": {peer: {w: median(m) for w, m in rows.items()} for peer, rows in taken.items()},
        "big_mib": asked.mib,
        "small": {"files": SMALL_FILES, "bytes": SMALL_BYTES},
    }
    keep("sealing", answer)


async def measure(subject: Plain | Local | Sealed, mib: int) -> dict[str, tuple[float, float]]:
    big = [os.urandom(MIB) for _ in range(mib)]
    small = [[os.urandom(SMALL_BYTES)] for _ in range(SMALL_FILES)]
    names: list[str] = []

    async def write_all(contents: list[Content]) -> None:
        names[:] = [await subject.write(content) for content in contents]

    async def read_all() -> None:
        for name in names:
            await subject.read(name)

    return {
        "write_big": await timed(lambda: write_all([big])),
        "read_big": await timed(read_all),
        "write_small": await timed(lambda: write_all(small)),
        "read_small": await timed(read_all),
    }


async def timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


def median(measured: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "wall": round(statistics.median(wall for wall, _ in measured), 3),
        "cpu": round(statistics.median(cpu for _, cpu in measured), 3),
    }


if __name__ == "__main__":
    main()
