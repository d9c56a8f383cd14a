"""How fast is a backup, a second one, and a restore, beside cp and tar?

    .venv/bin/python benchmarks/how_fast_is_a_backup.py [--megabytes N]

One home with N MB (1000) of files that do not compress and a database of a tenth of that.
`cp -a` and `tar` copy the same folder onto the same disk, without encrypting, without
checking, and all of it each time. A goal: a first backup at a third of tar's speed or more, a
second one that changes nothing in a few seconds. Writes benchmarks/results/backup.json.
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from answers import keep

PROGRAM = [sys.executable, "-m", "synfonium.main"]
MB = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answer = measured(Path(folder), asked.megabytes)
    keep("backup", answer)


def measured(folder: Path, megabytes: int) -> dict[str, object]:
    home, place = folder / "home", folder / "place"
    fill(home, megabytes)
    first_s = timed(lambda: run("backup", str(place), home=home))
    second_s = timed(lambda: run("backup", str(place), home=home))
    key = home / "backup.key"
    restore_s = timed(lambda: run("restore", str(place), "--key-file", str(key), home=folder / "restored"))
    shutil.rmtree(folder / "restored")
    copy_s = timed(lambda: subprocess.run(["cp", "-a", home, folder / "copy"], check=True))
    shutil.rmtree(folder / "copy")
    tar_s = timed(lambda: subprocess.run(["tar", "-cf", folder / "tar", home], check=True))
    os.sync()
    total = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / MB
    seconds = {
        "first backup": first_s,
        "second backup, nothing new": second_s,
        "restore, compared": restore_s,
        "cp -a": copy_s,
        "tar": tar_s,
    }
    return {
        "megabytes": round(total),
        "seconds": {name: round(taken, 2) for name, taken in seconds.items()},
        "megabytes a second": {name: round(total / taken) for name, taken in seconds.items()},
        "place in megabytes": round(sum(p.stat().st_size for p in place.rglob("*") if p.is_file()) / MB),
    }


def fill(home: Path, megabytes: int) -> None:
    """A home with a person, files as a PC's disk has them, and a database."""
    run("user", "add", "ana", "--password-stdin", home=home)
    disk = home / "apps" / "pc" / "machines" / "01example" / "home"
    disk.mkdir(parents=True)
    for number in range(megabytes // 4):
        (disk / f"file{number}").write_bytes(os.urandom(4 * MB))
    with sqlite3.connect(home / "databases" / "big.sqlite") as raw:
        raw.execute("CREATE TABLE big (bytes BLOB)")
        for _ in range(megabytes // 10):
            raw.execute("INSERT INTO big VALUES (randomblob(1000000))")


def run(*words: str, home: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYNFONIUM_")}
    subprocess.run(
        [*PROGRAM, *words, "--home", str(home)],
        env=environment,
        input=b"a long enough password",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def timed(work: Callable[[], object]) -> float:
    os.sync()
    began = time.monotonic()
    work()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
