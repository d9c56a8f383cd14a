"""A server and its clients, to be run under strace: each acknowledgement stands in the same trace.

    python -m tests.journeys.losing_power.writing HOME PORT NAME TOKEN ACTS FAULT

Into HOME.told goes a line when a client begins something, and one when it was acknowledged.
"""

import json
import os
import signal
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Callable

from tests.journeys.killing.ledger import Change, Gone, Writer
from tests.journeys.killing.server import make_pages_once

from synfonium.engines.blobs import local
from synfonium.engines.database import sqlite
from synfonium.main import main

WRITERS = 4
START_S = 120.0


class Noting(Writer):
    """Says what it does to a file that is watched too."""

    def __init__(self, port: int, auth: tuple[str, str], number: int, told: int) -> None:
        super().__init__(port, auth, number)
        self._told, self._number = told, number

    def _say(self, begun: list[Change] | None) -> None:
        os.write(self._told, json.dumps([self._number, begun]).encode() + b"\n")

    def _begin(self, *changes: Change) -> None:
        super()._begin(*changes)
        self._say(list(changes))

    def _end(self, what: str) -> None:
        super()._end(what)
        self._say(None)


class _Hasty:
    """The module `os` whose sync does nothing for files."""

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.fsync(descriptor)


def no_sync_of_folders() -> None:
    local._sync_folder = lambda _folder: None


def no_sync_of_blobs() -> None:
    local.os = _Hasty()  # type: ignore[attr-defined]


def no_sync_of_commits(how: str) -> None:
    connect: Callable[..., sqlite3.Connection] = sqlite._connect

    def hastily(*arguments: object, **named: object) -> sqlite3.Connection:
        raw = connect(*arguments, **named)
        raw.execute(f"PRAGMA synchronous={how}")
        return raw

    sqlite._connect = hastily  # type: ignore[assignment]


FAULTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "folders": no_sync_of_folders,
    "blobs": no_sync_of_blobs,
    "commits-off": lambda: no_sync_of_commits("OFF"),
    "commits-normal": lambda: no_sync_of_commits("NORMAL"),
}


def serve(home: str, port: str, fault: str) -> None:
    os.dup2(os.open(f"{home}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    os.dup2(1, 2)
    FAULTS[fault]()
    make_pages_once()
    os._exit(main(["serve", "--single", "--home", home, "--port", port]))


def write(home: str, port: int, auth: tuple[str, str], acts: int) -> None:
    told = os.open(f"{home}.told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writers = [Noting(port, auth, number, told) for number in range(WRITERS)]
    deadline_s = time.monotonic() + START_S
    while True:
        try:
            writers[0].ask("GET", "/status.php")
            break
        except Gone:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
    for writer in writers:
        writer.make_folder()
    os.write(told, b"[-1, []]\n")
    threads = [threading.Thread(target=writer.write_many, args=(acts // WRITERS,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.check()


if __name__ == "__main__":
    home, port, name, token, acts, fault = sys.argv[1:]
    server = os.fork()
    if not server:
        serve(home, port, fault)
    try:
        write(home, int(port), (name, token), int(acts))
    finally:
        os.kill(server, signal.SIGTERM)
        os.waitpid(server, 0)
