"""Write, kill, start, look: again and again on one home."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synfonium.testing.child import Child
from synfonium.testing.ports import free_ports
from synfonium.testing.server import real_server

from .ledger import Gone, Writer

WRITERS = 4
SOONEST_S, LATEST_S = 0.005, 0.4
START_S = 60.0
IN_THE_START = 0.1


class Killed:
    """A home with writers, and a server on it that is killed. took_s: of each start."""

    def __init__(self, home: Path, port: int, auth: tuple[str, str], child: Child, seed: int) -> None:
        self._port, self._child, self._chance = port, child, random.Random(seed)
        self.writers = [Writer(port, auth, number) for number in range(WRITERS)]
        self.took_s: list[float] = []
        self.kills = self.kills_in_start = 0
        self._start()
        for writer in self.writers:
            writer.make_folder()

    def _start(self) -> None:
        if self.kills and self._chance.random() < IN_THE_START:
            self._child.say("serve 0")
            time.sleep(self._chance.uniform(0, 0.5))
            self._kill()
            self.kills_in_start += 1
        self._child.say("serve 0")
        began_s = time.monotonic()
        while not self._answers():
            assert time.monotonic() < began_s + START_S, "the server did not come back"
            time.sleep(0.01)
        self.took_s.append(time.monotonic() - began_s)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("localhost", self._port), timeout=5):
                pass
            return self.writers[0].ask("GET", "/status.php")[0] == 200
        except (OSError, Gone):
            return False

    def _kill(self) -> None:
        self._child.say("kill")
        assert self._child.read_line(timeout_s=60) == "gone"
        self.kills += 1

    def round(self) -> None:
        """Writes for a moment, kills, starts again and looks. Raises AssertionError for a loss."""
        stopping = threading.Event()
        threads = [threading.Thread(target=w.write_until, args=(stopping,)) for w in self.writers]
        for thread in threads:
            thread.start()
        time.sleep(self._chance.uniform(SOONEST_S, LATEST_S))
        self._kill()
        stopping.set()
        for thread in threads:
            thread.join(60)
        self._start()
        for writer in self.writers:
            writer.check()

    def counts(self) -> dict[str, int]:
        return {what: sum(writer.counts[what] for writer in self.writers) for what in self.writers[0].counts}


@contextmanager
def killed(folder: Path, seed: int = 0) -> Iterator[Killed]:
    home = folder / "home"
    with real_server(home) as server:
        auth = ("ada", server.person("ada"))
    port = free_ports()[0]
    with Child("tests.journeys.killing.server", str(home), str(port)) as child:
        assert child.read_line(timeout_s=120) == "ready"
        try:
            yield Killed(home, port, auth, child, seed)
        finally:
            child.say("kill")
            child.read_line(timeout_s=60)
