"""Every door that lets strangers in stands on a list that somebody has reviewed."""

from pathlib import Path

from synfonium.kernel.app import resolve
from synfonium.kernel.doors import public_doors

from .house import own_apps

GOLDEN = Path(__file__).parent / "public_doors.txt"


def _found() -> list[str]:
    found = []
    for app in own_apps():
        handlers = resolve(app.doors) if app.doors else ()
        found += [f"{app.name}: {door}" for door in public_doors(handlers)]
        found += [f"{app.name}: mount {mount.prefix}" for mount in app.mounts]
        found += [f"{app.name}: anonymous {prefix}" for prefix in app.anonymous]
    return sorted(found)


def test_the_public_doors_are_those_that_were_reviewed() -> None:
    lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    reviewed = [line.partition("#")[0].strip() for line in lines]
    assert _found() == sorted(line for line in reviewed if line), (
        "a door changed; if strangers are meant to come in, write it into public_doors.txt with its reason"
    )
