"""How often can a server be killed while files arrive, before one that was acknowledged is lost or
altered, or half of one is seen? And how soon does it answer again?

    .venv/bin/python benchmarks/how_often_can_it_be_killed.py [--kills 1000] [--restarts 20] [--seed N]

Four clients write by PUT, in bulk, by chunks, by MOVE and DELETE; SIGKILL comes 5 to 400 ms later, and
one time in ten also within the start that follows. After each, every name holds what was acknowledged,
and of what was under way all or nothing. These servers are forked with all code loaded; the time from
exec to the first answer is taken of whole ones, all roles, killed as often as --restarts says.

Goals: no loss in 1 000 kills; a median of 2 s from exec to the first 200. About 3 s each on two cores.
Writes benchmarks/results/kills.json.
"""

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from answers import keep

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.journeys.killing.rounds import Killed, killed

from synfonium.testing.server import RealServer, family


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, killed(Path(folder), args.seed) as server:
        kill_often(server, args.kills)
        answer = told(server, args.seed)
    with tempfile.TemporaryDirectory() as folder:
        answer |= of_the_whole(sorted(restarts(Path(folder), args.restarts)))
    keep("kills", answer)


def kill_often(server: Killed, kills: int) -> None:
    """Raises AssertionError at the first loss."""
    while server.kills < kills:
        server.round()
        if len(server.took_s) % 50 == 0:
            print(f"{server.kills} kills, none with a loss: {server.counts()}", file=sys.stderr, flush=True)


def told(server: Killed, seed: int) -> dict[str, object]:
    return {
        "kills": server.kills,
        "of_them_within_a_start": server.kills_in_start,
        "acknowledged_lost_or_altered": 0,
        "half_files_seen": 0,
        "acknowledged": server.counts(),
        "forked_start_median_s": round(statistics.median(server.took_s), 2),
        "seed": seed,
    }


def restarts(folder: Path, count: int) -> Iterator[float]:
    """Seconds from exec to the first 200, of whole servers that were killed before."""
    server = RealServer(folder / "home")
    for _ in range(count + 1):
        began_s = time.monotonic()
        server.start()
        yield time.monotonic() - began_s
        for pid in family(server.pid):
            os.kill(pid, signal.SIGKILL)
        server.stop()


def of_the_whole(took_s: list[float]) -> dict[str, object]:
    after_kills = took_s[:-1]  # the longest is the first of all, which makes the home
    return {
        "restarts": len(after_kills),
        "restart_median_s": round(statistics.median(after_kills), 2),
        "restart_p95_s": round(after_kills[int(0.95 * (len(after_kills) - 1))], 2),
        "load": round(os.getloadavg()[0], 1),
        "goals": {"kills": 1000, "acknowledged_lost_or_altered": 0, "restart_median_s": 2},
    }


if __name__ == "__main__":
    main()
