"""A second machine, as a network namespace with one cable to this one."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import is_ci

NAME = "cloud.example.test"


@dataclass(frozen=True)
class Elsewhere:
    """Run `[*inside, program, …]` there. `here` is our address as seen from there."""

    here: str
    there: str
    inside: tuple[str, ...]

    def wrapper(self, folder: Path, program: str) -> str:
        """A program that runs `program` there, for those who start it themselves."""
        script = folder / f"elsewhere-{Path(program).name}"
        words = " ".join(f"'{word}'" for word in self.inside)
        script.write_text(f'#!/bin/sh\nexec {words} {program} "$@"\n')
        script.chmod(0o755)
        return str(script)


@contextmanager
def elsewhere(folder: Path) -> Iterator[Elsewhere]:
    """A namespace that knows us as NAME. Skips when this user may not make one; fails in CI."""
    if os.getuid() != 0:
        message = "network namespaces need root"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    mark = secrets.token_hex(3)
    name, ours, theirs = f"syn-{mark}", f"syn{mark}a", f"syn{mark}b"
    net = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}"
    here, there = f"{net}.1", f"{net}.2"
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{here} {NAME}\n")
    _ip("netns", "add", name)
    try:
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        _ip("address", "add", f"{here}/30", "dev", ours)
        _ip("link", "set", ours, "up")
        _ip("-n", name, "address", "add", f"{there}/30", "dev", theirs)
        _ip("-n", name, "link", "set", theirs, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        # Not `ip netns exec`: it mounts a /sys of its own and hides the control groups.
        bind = f'mount --bind {hosts} /etc/hosts && exec "$0" "$@"'
        yield Elsewhere(
            here, there, ("nsenter", f"--net=/run/netns/{name}", "unshare", "-m", "sh", "-c", bind)
        )
    finally:
        _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)
