"""How often can the power fail at different moments, before a file that was acknowledged is lost?

    .venv/bin/python benchmarks/how_often_can_the_power_fail.py [--acts 260] [--cuts 10000] [--seed N]

Every write, sync, link, rename and truncation of a server is recorded (strace) while four clients write
by PUT, in bulk, by chunks, by MOVE and DELETE. Then the record is played into fresh folders up to each of
`cuts` places, three times: with all that was not synced dropped, with some of it there and some torn, and
with all of it there (tests/journeys/losing_power/disk.py says what is taken for granted: very little).
After each, SQLite recovers, and every acknowledged file is there with its content, every row has its
blob, and no half file is seen. Goal: no loss at 10 000 places. About five minutes on two cores.
Writes benchmarks/results/power.json.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from answers import keep

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.journeys.losing_power.recording import cut, record, settle

MOST_LOSSES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=260, help="what the clients do; about 65 places each")
    parser.add_argument("--cuts", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as disks,
    ):
        home = Path(folder) / "settled"
        recorded = record(home, settle(home), Path(folder), args.acts)
        began_s = time.monotonic()
        found = cut(recorded, Path(disks), args.cuts, most_losses=MOST_LOSSES, seed=args.seed)
    answer = {
        "recorded_steps": len(recorded.steps),
        "syncs": sum(step.kind == "sync" for step in recorded.steps),
        "cut_at": found.cuts,
        "states_opened": found.states,
        "acknowledged_requests": found.acknowledged,
        "losses": found.losses,
        "seed": args.seed,
        "took_s": round(time.monotonic() - began_s),
        "goals": {"cut_at": 10_000, "losses": 0},
    }
    keep("power", answer)
    if found.losses:
        sys.exit(1)


if __name__ == "__main__":
    main()
