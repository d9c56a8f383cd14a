"""How long does Nextcloud's desktop client take for 2,000 small files, and what does it cost the server?

    .venv/bin/python benchmarks/how_long_does_a_desktop_client_take.py [--rounds N] [--files N]

`nextcloudcmd` (Debian's `nextcloud-desktop-cmd`) sends 2,000 files of 4 KiB in 100 folders (`up`), a second
computer takes them (`down`), and asks again when there is nothing to do (`nothing`). Seconds by the clock
and CPU seconds of all the server's processes; `settled`: with what follows from the writes (private search,
journal, rules). The client's own time is in it. Beside it, in each round: `rclone copy` of the same files to
the same server, and to `rclone serve webdav`, so that a slow machine shows. Reference, measured on such a
machine: Nextcloud 31 30.4 / 26.1 / 2.1 s and 24.7 / 44.3 / 2.9 CPU-s; goals ≤ 1/4, ≤ 1/3, ≤ 1/3 and ≤ 1/10.
Medians. Writes benchmarks/results/desktop_client.json.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from answers import keep
from drive_peers import Place, ours, rclone

FOLDERS = 100
FILE_BYTES = 4096
REFERENCE = {"up": (30.4, 24.7), "down": (26.1, 44.3), "nothing": (2.1, 2.9)}
LONGEST_S = 600


class Computer:
    """A folder, and a client's home beside it."""

    def __init__(self, place: Path, server: str, name: str, token: str) -> None:
        self.folder, self._home = place / "files", place / "home"
        self.folder.mkdir(parents=True)
        self._home.mkdir()
        words = ["nextcloudcmd", "--non-interactive", "--trust", "--silent", "-u", name, "-p", token]
        self._words = [*words, str(self.folder), server]

    def sync(self) -> None:
        environment = {**os.environ, "HOME": str(self._home), "QT_QPA_PLATFORM": "offscreen"}
        subprocess.run(self._words, env=environment, check=True, capture_output=True, timeout=LONGEST_S)

    def files(self) -> int:
        return sum(1 for path in self.folder.glob("*/*.bin"))


def write_files(folder: Path, count: int) -> None:
    for number in range(count):
        place = folder / f"folder {number % FOLDERS:03d}" / f"{number:05d}.bin"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(FILE_BYTES))


def costs(place: Place, work: Callable[[], None]) -> dict[str, float]:
    """Of the work: seconds, and the server's CPU seconds when it is done and when all is quiet."""
    place.settle()
    cpu_s, started_s = place.cpu_s(), time.monotonic()
    work()
    taken_s, used_s = time.monotonic() - started_s, place.cpu_s() - cpu_s
    place.settle()
    return {"s": taken_s, "cpu_s": used_s, "settled_cpu_s": place.cpu_s() - cpu_s}


def copying(source: Path, place: Place, folder: str) -> Callable[[], None]:
    """The files by rclone, to one who takes them."""
    words = ["rclone", "--config", "/dev/null", "copy", str(source), f":webdav:{folder}"]
    words += ["--webdav-url", place.url, "--transfers", "8", "--checkers", "8"]
    for name, value in place.headers.items():
        words += ["--webdav-headers", f"{name},{value}"]
    return lambda: bool(subprocess.run(words, check=True, capture_output=True, timeout=LONGEST_S))


def a_round(scratch: Path, files: int) -> Iterator[tuple[str, dict[str, float]]]:
    with ours(scratch / "ours") as place:
        server, name = place.url.partition("/dav/")[0], "ada"
        one, two = (Computer(scratch / n, server, name, place.token) for n in ("one", "two"))
        write_files(one.folder, files)
        yield "up", costs(place, one.sync)
        yield "down", costs(place, two.sync)
        if two.files() != files:
            raise RuntimeError(f"{two.files()} of {files} files arrived")
        yield "nothing", costs(place, two.sync)
        yield "rclone_to_ours", costs(place, copying(one.folder, place, "copied"))
        source = one.folder
        (scratch / "peer").mkdir()
        with rclone(scratch / "peer") as peer:
            yield "rclone_to_rclone", costs(peer, copying(source, peer, "copied"))


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--files", type=int, default=2000)
    chosen = words.parse_args()
    taken: dict[str, list[dict[str, float]]] = {}
    for _ in range(chosen.rounds):
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "ours").mkdir()
            for what, cost in a_round(Path(scratch), chosen.files):
                taken.setdefault(what, []).append(cost)
    medians: dict[str, dict[str, float]] = {}
    for what, costs_ in taken.items():
        medians[what] = {key: round(statistics.median(one[key] for one in costs_), 2) for key in costs_[0]}
        if what in REFERENCE and chosen.files == 2000:
            reference_s, reference_cpu_s = REFERENCE[what]
            medians[what]["of_reference"] = round(medians[what]["s"] / reference_s, 3)
            medians[what]["cpu_of_reference"] = round(medians[what]["cpu_s"] / reference_cpu_s, 3)
    keep("desktop_client", {"files": chosen.files, "rounds": chosen.rounds, **medians})


if __name__ == "__main__":
    main()
