"""Records a server at work, then cuts the power at every step of what it did."""

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.killing.ledger import Change, judge

from synfonium.testing.ports import free_ports
from synfonium.testing.server import real_server

from .disk import ALL, NOTHING, Chance, Disk
from .looking import Drive
from .trace import Step, command, steps

PERSON = "ada"
RECORD_S = 1200.0
THOROUGHLY_EVERY = 100
SHARES = (0.1, 0.5, 0.9, 0.97)
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Recorded:
    """A home as it was when the recording began, and all that was done to it since."""

    top: str
    base: dict[str, bytes | None]
    steps: list[Step]
    told: str


@dataclass
class Found:
    """cuts: places in the log at which the power was lost. states: what was opened after them."""

    cuts: int = 0
    states: int = 0
    acknowledged: int = 0
    losses: list[str] = field(default_factory=list)


def settle(home: Path) -> str:
    """Makes a home with one person in it, stopped; gives a token of theirs."""
    with real_server(home) as server:
        return server.person(PERSON)


def record(settled: Path, token: str, folder: Path, acts: int, fault: str = "none") -> Recorded:
    """What a server on a copy of the home does while its clients do `acts` things."""
    home = folder / "home"
    shutil.copytree(settled, home, ignore=shutil.ignore_patterns("run"))
    base = dict(_kept(home))
    log = folder / "trace"
    words = [*command(log), sys.executable, "-m", "tests.journeys.losing_power.writing", str(home)]
    words += [str(free_ports()[0]), PERSON, token, str(acts), fault]
    done = subprocess.Popen(words, cwd=ROOT)
    try:
        assert done.wait(RECORD_S) == 0, (folder / "home.log").read_text()[-4000:]
    finally:
        if done.poll() is None:
            done.send_signal(signal.SIGTERM)
    told = f"{home}.told"
    scope = (f"{home}/databases", f"{home}/blobs/drive", told)
    ours = [step for step in steps(log, scope) if _is_kept(step.path, home) or step.path == told]
    return Recorded(str(home), base, ours, told)


def _is_kept(path: str, home: Path) -> bool:
    below = path.removeprefix(f"{home}/")
    if below == "databases":
        return True
    return below.startswith(("databases/drive.", "blobs/drive")) and not below.endswith("-shm")


def _kept(home: Path) -> Iterator[tuple[str, bytes | None]]:
    for path in sorted(
        [home / "databases", home / "blobs", *home.glob("databases/*"), *home.glob("blobs/**/*")]
    ):
        below = str(path.relative_to(home))
        if path.is_dir():
            yield below, None
        elif _is_kept(str(path), home):
            yield below, path.read_bytes()


class Expected:
    """What the clients were told until now."""

    def __init__(self) -> None:
        self.acknowledged: dict[str, Change] = {}
        self.under_way: dict[str, list[Change]] = {}
        self.count = 0

    def hear(self, lines: bytes) -> None:
        for line in lines.splitlines():
            number, begun = json.loads(line)
            folder = f"k{number}"
            if begun is None:
                for change in self.under_way.pop(folder, []):
                    self.acknowledged.setdefault(folder, {}).update(change)
                self.count += 1
            elif number >= 0:
                self.under_way[folder] = begun

    def check(self, found: dict[str, Change]) -> None:
        """Raises AssertionError for what is lost, altered or half there."""
        for folder in {*self.acknowledged, *self.under_way}:
            names = {f"n{index}": None for index in range(8)}
            acknowledged: Change = {**names, **self.acknowledged.get(folder, {})}
            judge(acknowledged, self.under_way.get(folder, []), found.get(folder, {}))


def cut(recorded: Recorded, folder: Path, cuts: int, *, most_losses: int = 1, seed: int = 0) -> Found:
    """Loses the power at `cuts` places, evenly among all (or all of them), three times each: with
    everything unsynced dropped, with some of it there and some torn, and with all of it there."""
    disk, expected, found, chance = Disk(recorded.top), Expected(), Found(), random.Random(seed)
    for path, content in recorded.base.items():
        disk.hold(f"{recorded.top}/{path}", content)
    drives = [Drive(folder / name, Path(recorded.top)) for name in ("nothing", "some", "all")]
    share = min(1.0, cuts / len(recorded.steps))
    for step in recorded.steps:
        if step.path == recorded.told:
            expected.hear(step.content)
        else:
            disk.take(step)
        if int(step.number * share) == int((step.number - 1) * share):
            continue
        found.cuts += 1
        some = Chance(chance.choice(SHARES), chance.randrange(2**32))
        for drive, state in zip(drives, map(disk.after_power, (NOTHING, some, ALL)), strict=True):
            try:
                expected.check(drive.look(state, thoroughly=found.cuts % THOROUGHLY_EVERY == 0))
            except Exception as loss:
                found.losses.append(f"after step {step.number}: {type(loss).__name__}: {loss}")
        found.states, found.acknowledged = sum(drive.opened for drive in drives), expected.count
        if len(found.losses) >= most_losses:
            break
    return found
