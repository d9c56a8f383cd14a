"""restic through rclone: backups in a folder of the Drive."""

import filecmp
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Account, Run

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]


@pytest.fixture
def restic(
    account: Account,
    program: Callable[[str], str],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., str]:
    rclone, path = program("rclone"), program("restic")
    secret = run([rclone, "obscure", account.token]).strip()
    config = tmp_path / "rclone.conf"
    config.write_text(
        f"[d]\ntype = webdav\nurl = {account.url}\nvendor = other\nuser = {account.name}\npass = {secret}\n"
    )
    monkeypatch.setenv("RCLONE_CONFIG", str(config))
    monkeypatch.setenv("RESTIC_PASSWORD", "a long enough password")
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    return lambda *words: run([path, "-o", f"rclone.program={rclone}", "-r", "rclone:d:backups", *words])


def test_a_backup_by_restic_is_whole_and_comes_back(
    restic: Callable[..., str], odd_files: Path, tmp_path: Path
) -> None:
    restic("init")
    restic("backup", odd_files)
    (odd_files / "plain.txt").write_bytes(os.urandom(3_000_000))
    restic("backup", odd_files)
    assert "no errors were found" in restic("check", "--read-data")
    restic("restore", "latest", "--target", tmp_path / "back")
    assert _differences(odd_files, tmp_path / "back" / odd_files.relative_to("/")) == []
    restic("forget", "--keep-last", "1", "--prune")
    assert "no errors were found" in restic("check", "--read-data")


def _differences(one: Path, other: Path) -> list[str]:
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names
    _, different, failed = filecmp.cmpfiles(one, other, names, shallow=False)
    return [*different, *failed]
