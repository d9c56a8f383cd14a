"""The units for systemd are those that the command writes, and systemd takes them."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.apps.operations.service.units import SERVICE, TEMPLATE, install, units
from synfonium.kernel.notify import keep_watch, notify
from synfonium.testing.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", [SERVICE, TEMPLATE])
def test_the_units_in_deploy_are_fresh(name: str) -> None:
    assert (ROOT / "deploy" / "systemd" / name).read_text() == units()[name]


def test_systemd_takes_the_units_and_finds_the_roles_of_a_cluster_closed(
    tmp_path: Path, program: Callable[[str], str]
) -> None:
    analyze = program("systemd-analyze")
    for name, content in units("/bin/true").items():
        (tmp_path / name.replace("@", "@web")).write_text(content)
    files = sorted(str(path) for path in tmp_path.iterdir())
    verified = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, check=False)
    assert (
        verified.returncode,
        [line for line in verified.stderr.splitlines() if str(tmp_path) in line],
    ) == (0, [])
    for name, most in ((SERVICE, 7.0), (TEMPLATE.replace("@", "@web"), 2.0)):
        words = [analyze, "security", "--offline=yes", str(tmp_path / name)]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        level = re.search(r"exposure level for [^:]*: ([0-9.]+)", said)
        assert level is not None, said
        assert float(level[1]) <= most, said


def test_the_units_are_installed_for_this_program(tmp_path: Path) -> None:
    made = install(tmp_path)
    assert [path.name for path in made] == [SERVICE, TEMPLATE]
    assert re.search(r"^ExecStart=/.* serve$", made[0].read_text(), re.MULTILINE)


async def test_the_watchdog_hears_of_a_living_loop(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"}
        watch = asyncio.create_task(keep_watch(environment))
        await asyncio.sleep(0.1)
        watch.cancel()
        assert manager.recv(100) == manager.recv(100) == b"WATCHDOG=1"
    notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notify("READY=1", {})


@pytest.mark.full
def test_systemd_is_told_when_every_role_answers_and_when_we_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(90)
        serving = subprocess.Popen(
            [sys.executable, "-m", "synfonium.main", "serve", "--port", str(free_ports()[0])],
            env={
                **os.environ,
                "SYNFONIUM_HOME": str(tmp_path / "home"),
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert manager.recv(100) == b"READY=1"
        serving.send_signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert serving.wait(30) == 0
