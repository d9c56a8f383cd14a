"""The doctor finds what is wrong, says what to do, and touches nothing."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.testing.chosen_database import database_of
from synfonium.testing.client import installation

Found = list[dict[str, object]]


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A home with a file in it, and no server."""
    made = tmp_path / "home"
    async with installation(made) as house:
        token = await house.person("ana", administrator=True)
        async with house.client(token=token) as ana:
            await ana.put("/dav/files/ana/a.txt", content=b"words" * 5000)
    _settle(made)
    return made


def _settle(home: Path) -> None:
    """Brings what is still in SQLite's logs into the files, as any later reader might."""
    for path in (home / "databases").glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _spoil_a_database(home: Path) -> None:
    """Leaves one file without a readable database; on PostgreSQL the jobs alone are in a file."""
    name = "jobs" if database_of(home) else "search"
    (home / "databases").mkdir(exist_ok=True)
    (home / "databases" / f"{name}.sqlite").write_bytes(b"this is no database" * 1000)


def doctor(home: Path, **environment: str) -> tuple[int, Found]:
    done = subprocess.run(
        [sys.executable, "-m", "synfonium.main", "doctor", "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, **database_of(home), **environment},
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def wrong(found: Found) -> set[object]:
    return {one["check"] for one in found if one["state"] == "bad"}


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and time; logs that a reader makes come and go."""
    return {
        str(p.relative_to(folder)): (p.stat().st_size, p.stat().st_mtime_ns)
        for p in folder.rglob("*")
        if p.is_file() and not p.name.endswith(("-wal", "-shm", ".hold"))
    }


def test_a_sound_home_is_sound_and_stays_as_it_was(home: Path) -> None:
    before = state_of(home)
    status, found = doctor(home, SYNFONIUM_PORT="18655")
    assert (status, wrong(found)) == (0, set())
    assert {"operations.disk", "operations.key", "operations.databases"} <= {one["check"] for one in found}
    assert state_of(home) == before


def test_each_thing_that_is_wrong_is_found(home: Path) -> None:
    home.chmod(0o755)
    (home / "secret.key").write_text("0" * 10)
    blob = next(path for path in (home / "blobs" / "drive" / "blobs").rglob("*") if path.is_file())
    blob.unlink()
    _spoil_a_database(home)
    (home / "secret.key").write_text("ab" * 32)
    status, found = doctor(home, SYNFONIUM_PORT="18655")
    assert status == 1
    assert wrong(found) >= {"operations.home.mode", "operations.blobs", "operations.databases"}
    assert all(one["remedy"] for one in found if one["state"] == "bad")


def test_a_broken_key_or_setting_is_the_one_thing_that_is_said(home: Path) -> None:
    (home / "synfonium.toml").write_text("prot = 1")
    status, found = doctor(home)
    assert (status, [one["check"] for one in found]) == (1, ["operations.settings"])
    (home / "synfonium.toml").unlink()
    (home / "secret.key").write_text("no key")
    status, found = doctor(home)
    assert (status, [one["check"] for one in found]) == (1, ["operations.key"])


def test_no_home_is_made_by_looking(tmp_path: Path) -> None:
    status, found = doctor(tmp_path / "none")
    assert status == 0
    assert not (tmp_path / "none").exists()
    assert found[0]["state"] == "note"


def test_an_app_of_a_stranger_brings_its_own_checks(home: Path, tmp_path: Path) -> None:
    """No list of apps: a command named `check` is all."""
    information = tmp_path / "apps" / "garden-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: garden\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[synfonium.apps]\ngarden = garden:app\n")
    (tmp_path / "apps" / "garden.py").write_text(
        "from synfonium.apps.operations.contract import Finding\n"
        "from synfonium.kernel.app import App, Command\n"
        "async def check(context, call):\n"
        "    return [Finding(check='garden.water', state='bad', said='It is dry.', remedy='Water it.')]\n"
        "app = App(name='garden', title='Garden', role='worker',\n"
        "    commands=(Command(name='check', handler='garden:check'),))\n"
    )
    status, found = doctor(home, SYNFONIUM_PORT="18655", PYTHONPATH=str(tmp_path / "apps"))
    assert (status, wrong(found)) == (1, {"garden.water"})
