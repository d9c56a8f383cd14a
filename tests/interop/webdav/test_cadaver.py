"""cadaver: an interactive client of another code base (neon)."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from .conftest import Account

pytestmark = [pytest.mark.full, pytest.mark.timeout(120)]


@pytest.fixture
def cadaver(account: Account, program: Callable[[str], str], tmp_path: Path) -> Callable[[str], str]:
    home = tmp_path / "home"
    home.mkdir()
    host = account.server.url.removeprefix("http://").partition(":")[0]
    (home / ".netrc").write_text(f"machine {host} login {account.name} password {account.token}\n")
    (home / ".netrc").chmod(0o600)
    path = program("cadaver")

    def play(script: str) -> str:
        done = subprocess.run(
            [path, f"{account.url}/"],
            input=script,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, "HOME": str(home)},
            check=False,
        )
        return done.stdout + done.stderr

    return play


def test_cadaver_puts_lists_locks_moves_and_deletes(
    cadaver: Callable[[str], str], account: Account, tmp_path: Path
) -> None:
    content = os.urandom(500_000)
    (tmp_path / "local.bin").write_bytes(content)
    said = cadaver(
        "mkcol folder\ncd folder\nput local.bin remote.bin\nls\nlock remote.bin\ndiscover remote.bin\n"
        "propset remote.bin note hello\npropget remote.bin note\nunlock remote.bin\n"
        "copy remote.bin copy.bin\nmove copy.bin moved.bin\nget moved.bin back.bin\n"
        "delete remote.bin\nls\nquit\n"
    )
    assert "failed" not in said.lower(), said
    assert said.count("succeeded") >= 8, said
    assert "hello" in said
    assert (tmp_path / "back.bin").read_bytes() == content
    listing = httpx.request("PROPFIND", f"{account.url}/folder", auth=account.auth, headers={"depth": "1"})
    assert "moved.bin" in listing.text
    assert "remote.bin" not in listing.text


def test_litmus_finds_nothing_wrong(account: Account, program: Callable[[str], str], tmp_path: Path) -> None:
    done = subprocess.run(
        [program("litmus"), "-k", f"{account.url}/", account.name, account.token],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
        errors="replace",
        check=False,
    )
    suites = [line for line in done.stdout.splitlines() if line.startswith("<- summary")]
    assert len(suites) == 5, done.stdout
    assert all(" 0 failed" in line for line in suites), "\n".join(suites)
    assert "SKIPPED" not in done.stdout
