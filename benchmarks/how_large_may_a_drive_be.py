"""Does a drive of a million files answer as an empty one does, and a folder of 100,000 as a small one?

    .venv/bin/python benchmarks/how_large_may_a_drive_be.py [--files N] [--wide N] [--asked N]

Two homes are served at the same time and asked in turn: one empty but for a folder of 100 files, the
other with the same folder beside N more files (100 in a folder), a folder of `--wide` files, and a tree
of as many. The rows of these are written into the database directly, all with the content of one file
that came by PUT; all that is measured comes through the server. Searching a million names is asked by
how_fast_is_private_search.py. Medians and 95th percentiles, in ms; memory is the PSS of all roles.
Goals: PUT and PROPFIND p95 ≤ 1.2 times the empty one's; first byte of the wide folder ≤ 50 ms and memory
flat; rename and delete of the tree ≤ 50 ms. Writes benchmarks/results/drive_scale.json.
"""

import argparse
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from answers import keep, pss_mib
from drive_peers import Place

from synfonium.apps.drive.model import name_key, name_sort
from synfonium.common.ids import new_id
from synfonium.testing.server import RealServer

IN_A_FOLDER = 100
FOUR_KIB = b"x" * 4096
NODE = (
    "INSERT INTO drive_node (id, space, parent, name, name_key, name_sort, is_file, size_bytes, etag,"
    " modified_s, created_s, media_type, version, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
)
VERSION = (
    "INSERT INTO drive_file_version (id, node, space, blob, size_bytes, modified_s, made_s, sha1, author)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Seeds:
    """Files that share one file's content, put below the top of its space."""

    def __init__(self, database: Path, like: str) -> None:
        self._db = sqlite3.connect(database)
        node = "id, space, parent, size_bytes, media_type, version"
        found = self._db.execute(f"SELECT {node} FROM drive_node WHERE name = ?", (like,)).fetchone()
        _, self._space, self.top, self._size, self._type, version = found
        told = "SELECT blob, sha1, author FROM drive_file_version WHERE id = ?"
        self._content = self._db.execute(told, (version,)).fetchone()
        self._sown = 0

    def folder(self, parent: str, name: str) -> str:
        node, now_s = new_id(), time.time()
        self._db.execute(NODE, self._row(node, parent, name, 0, None, now_s))
        return node

    def files(self, parent: str, count: int) -> None:
        nodes, versions, now_s = [], [], time.time()
        blob, sha1, author = self._content
        for number in range(count):
            node, version = new_id(), new_id()
            nodes.append(self._row(node, parent, f"report {number:06d}.txt", 1, version, now_s))
            versions.append((version, node, self._space, blob, self._size, now_s, now_s, sha1, author))
        self._db.executemany(NODE, nodes)
        self._db.executemany(VERSION, versions)
        self._sown += count

    def tree(self, parent: str, name: str, count: int) -> None:
        top = self.folder(parent, name)
        for number in range(count // IN_A_FOLDER):
            self.files(self.folder(top, f"folder {number:05d}"), IN_A_FOLDER)

    def end(self) -> None:
        self._db.execute(
            "UPDATE drive_blob SET refs = refs + ? WHERE name = ?", (self._sown, self._content[0])
        )
        self._db.commit()
        self._db.close()

    def _row(
        self, node: str, parent: str, name: str, is_file: int, version: str | None, now_s: float
    ) -> tuple[object, ...]:
        size = self._size if is_file else 0
        kind = self._type if is_file else ""
        keys = (name_key(name), name_sort(name))
        return (node, self._space, parent, name, *keys, is_file, size, new_id(), now_s, now_s, kind, version)


class Drive:
    """One home, its server, and a line to it."""

    def __init__(self, home: Path) -> None:
        self.server = RealServer(home)
        self.server.start()
        self._token = self.server.person("ada")
        self.connect()
        self.ask("PUT", "/seed.txt", FOUR_KIB)
        self.ask("MKCOL", "/hundred/")
        for number in range(IN_A_FOLDER):
            self.ask("PUT", f"/hundred/{number}.txt", FOUR_KIB)

    def connect(self) -> None:
        self.place = Place("ours", f"{self.server.url}/dav/files/ada", self.server.pid, ("ada", self._token))
        self._line = self.place.connect()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        return self.place.ask(self._line, method, path, body, **headers)

    def first_byte_ms(self, path: str) -> tuple[float, float]:
        """Of a listing: until its first byte, and until its last."""
        started_s = time.perf_counter()
        self._line.request("PROPFIND", f"/dav/files/ada{path}", headers={**self.place.headers, "depth": "1"})
        answer = self._line.getresponse()
        answer.read(1)
        first_s = time.perf_counter()
        while answer.read(1 << 16):
            pass
        return (first_s - started_s) * 1000, (time.perf_counter() - started_s) * 1000

    def sow(self, files: int, wide: int) -> None:
        """While the server is away."""
        self.server.stop()
        seeds = Seeds(self.server.home / "databases" / "drive.sqlite", "seed.txt")
        seeds.tree(seeds.top, "many", files)
        seeds.files(seeds.folder(seeds.top, "wide"), wide)
        seeds.tree(seeds.top, "tree", wide)
        seeds.end()
        self.server.start()
        self.connect()


def timed_ms(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return (time.perf_counter() - started_s) * 1000


def compared(drives: Sequence[Drive], asked: int, work: Callable[[Drive, int], object]) -> dict[str, float]:
    """Medians and 95th percentiles of the two, asked in turn."""
    taken: list[list[float]] = [[], []]
    for number in range(asked + 20):
        for drive, times in zip(drives, taken, strict=True):
            times.append(timed_ms(lambda drive=drive, number=number: work(drive, number)))
    empty, large = (sorted(times[20:]) for times in taken)
    p95 = [times[int(len(times) * 0.95)] for times in (empty, large)]
    return {
        "empty_ms": round(statistics.median(empty), 2),
        "large_ms": round(statistics.median(large), 2),
        "empty_p95_ms": round(p95[0], 2),
        "large_p95_ms": round(p95[1], 2),
        "p95_ratio": round(p95[1] / p95[0], 2),
    }


def put(drive: Drive, number: int) -> None:
    drive.ask("PUT", f"/hundred/new{number}.txt", FOUR_KIB)


def listing(drive: Drive, number: int) -> None:
    drive.ask("PROPFIND", "/hundred/", depth="1")


def renames_ms(drive: Drive, asked: int) -> Iterator[float]:
    names = ["/tree", "/tree of another name"]
    for number in range(asked):
        before, after = names[number % 2], names[(number + 1) % 2]
        target = f"{drive.place.url}{after}/".replace(" ", "%20")
        path = f"{before}/".replace(" ", "%20")
        yield timed_ms(lambda path=path, target=target: drive.ask("MOVE", path, destination=target))


def measure(drives: Sequence[Drive], asked: int) -> dict[str, object]:
    large = drives[1]
    large.place.settle()
    memory_mib = pss_mib(large.server.pid)
    wide = sorted(large.first_byte_ms("/wide/") for _ in range(7))
    for drive in drives:
        drive.connect()  # a line that was idle is closed
    told: dict[str, object] = {
        "wide_first_byte_ms": round(statistics.median(first for first, _ in wide), 1),
        "wide_whole_ms": round(statistics.median(whole for _, whole in wide), 1),
        "memory_before_mib": round(memory_mib, 1),
        "memory_after_mib": round(pss_mib(large.server.pid), 1),
        "propfind_of_100": compared(drives, asked, listing),
        "put": compared(drives, asked, put),
        "rename_of_tree_ms": round(statistics.median(renames_ms(large, 20)), 1),
    }
    told["delete_of_tree_ms"] = round(timed_ms(lambda: large.ask("DELETE", "/tree/")), 1)
    return told


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--files", type=int, default=1_000_000)
    words.add_argument("--wide", type=int, default=100_000)
    words.add_argument("--asked", type=int, default=300)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        drives = [Drive(Path(scratch) / name) for name in ("empty", "large")]
        try:
            drives[1].sow(chosen.files, chosen.wide)
            keep("drive_scale", {"files": chosen.files, "wide": chosen.wide, **measure(drives, chosen.asked)})
        finally:
            for drive in drives:
                drive.server.stop()


if __name__ == "__main__":
    main()
