"""Backups and trials by themselves: durable jobs, remembered and shown."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from synfonium.apps.operations.errors import AlreadyRunning, BackupInside, StrangePlace, WrongKey
from synfonium.apps.operations.model.run import Run
from synfonium.apps.operations.service.backups import Backups
from synfonium.apps.operations.store import runs
from synfonium.common.problem import Problem
from synfonium.testing.client import Installation

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(autouse=True)
def restic(program: Callable[[str], str]) -> str:
    return program("restic")


async def ended(house: Installation, run_id: str) -> Run:
    database = house.context("operations").database
    for _ in range(2000):
        run = await database.read(lambda c: runs.find(c, run_id))
        if run is not None and run.state in ("done", "failed"):
            return run
        await asyncio.sleep(0.05)
    raise AssertionError("the run does not end")


async def want(house: Installation, kind: str) -> Run:
    return await ended(house, (await house.call("operations.want", {"kind": kind}))["run"])


@pytest.mark.full
async def test_a_backup_made_by_a_job_is_tried_out_by_another(house: Installation, place: Path) -> None:
    token = await house.person("ana", administrator=True)
    async with house.client(token=token) as ana:
        assert (await ana.put("/dav/files/ana/a.txt", content=b"words")).status_code == 201
        made = await want(house, "backup")
        assert (made.state, made.reason) == ("done", "")
        assert made.added_bytes > 0
        tried = await want(house, "rehearsal")
        assert (tried.state, tried.reason) == ("done", "")
        assert tried.checked is not None
        assert (tried.checked.blobs, tried.checked.databases > 4, tried.checked.sealed) >= (1, True, 1)
        assert not (house.context("operations").home / "backup" / "rehearsal").exists()
        page = (await ana.get("/admin/backups")).text
    assert "byte for byte" in page
    assert 'class="made"' in page
    assert 'class="tried"' in page


@pytest.mark.full
async def test_a_trial_of_a_damaged_backup_fails_and_says_so(house: Installation, place: Path) -> None:
    token = await house.person("ana", administrator=True)
    assert (await want(house, "backup")).state == "done"
    for pack in (place / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(bytes(len(pack.read_bytes())))
    tried = await want(house, "rehearsal")
    assert (tried.state, tried.reason) == ("failed", "operations.backup_damaged")
    async with house.client(token=token) as ana:
        assert "The last trial failed" in (await ana.get("/admin/backups")).text
    findings = await house.call("operations.doctor", {})
    assert "operations.rehearsal" in [one.check for one in findings if one.state == "bad"]


async def test_what_is_due_is_wanted_once(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    service = house.context("operations").service
    started: list[str] = []

    async def start(name: str, job_id: str, arguments: dict[str, str]) -> None:
        started.append(job_id)

    monkeypatch.setattr(house.context("operations").jobs, "start", start)
    for _ in range(3):
        await service.schedule.look()
    for _ in range(100):
        if started:
            break
        await asyncio.sleep(0.05)
    found = await house.context("operations").database.read(runs.latest)
    assert [(run.kind, run.state) for run in found] == [("backup", "waiting")]
    assert started == [found[0].id]


async def test_a_backup_into_the_home_or_over_other_things_is_refused(
    house: Installation, tmp_path: Path
) -> None:
    home = house.context("operations").home
    with pytest.raises(BackupInside):
        await house.call("operations.backup", {"to": str(home / "backups")})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter").write_text("mine")
    with pytest.raises(StrangePlace):
        await house.call("operations.backup", {"to": str(tmp_path / "other")})
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter"]
    assert not (home / "backup" / "staging").exists()


async def test_another_homes_place_is_refused_and_one_backup_runs_at_a_time(
    house: Installation, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await house.call("operations.backup", {"to": str(place)})
    assert first["new_key"]
    key = house.context("operations").home / "backup.key"
    key.write_text(first["new_key"].replace("-", "")[::-1])
    with pytest.raises(WrongKey):
        await house.call("operations.backup", {"to": str(place)})
    backups: Backups = house.context("operations").service.backups
    async with backups._busy:
        with pytest.raises(AlreadyRunning):
            await house.call("operations.backup", {"to": str(place)})


async def test_a_missing_program_fails_the_run_in_one_word(
    house: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Problem) as refused:
        await house.call("operations.backup", {"to": str(tmp_path / "new")})
    assert refused.value.code == "operations.program_missing"
    found = await house.context("operations").database.read(runs.latest)
    assert found[0].reason == "operations.program_missing"


async def test_the_pages_are_for_administrators_and_speak_french(house: Installation) -> None:
    token = await house.person("ana", administrator=True)
    other = await house.person("ben")
    async with house.client(token=other) as ben:
        for path in ("/admin/backups", "/admin/backups/now", "/admin", "/admin/health"):
            assert (await ben.get(path)).status_code == 403
    async with house.client(token=token) as ana:
        page = (await ana.get("/admin/backups?ui=fr")).text
        assert "Aucune sauvegarde n’a encore été faite." in page
        assert "clé de secours" in page
        health = (await ana.get("/admin?ui=fr")).text
        assert "Chaque base de données est intacte." in health
        assert "En marche depuis" in health
        assert "Les lettres restent en fichiers" in health, "what an app says of itself is in French too"
        assert (await ana.get("/admin/health")).headers["location"] == "/admin"
        assert (await ana.get("/admin/backups/now")).json()["run"] == ""
