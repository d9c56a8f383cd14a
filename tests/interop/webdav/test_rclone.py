"""rclone, as people use it: copy, check, move, sync."""

import filecmp
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Account, Run

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
Rclone = Callable[..., str]


@pytest.fixture(params=["other", "owncloud"])
def rclone(
    request: pytest.FixtureRequest, account: Account, program: Callable[[str], str], run: Run, tmp_path: Path
) -> Rclone:
    path = program("rclone")
    secret = run([path, "obscure", account.token]).strip()
    config = tmp_path / "rclone.conf"
    config.write_text(
        f"[d]\ntype = webdav\nurl = {account.url}\nvendor = {request.param}\n"
        f"user = {account.name}\npass = {secret}\n"
    )
    return lambda *words: run([path, "--config", config, "--retries", "1", *words])


def _same(one: Path, other: Path) -> bool:
    seen = filecmp.dircmp(one, other)
    if seen.left_only or seen.right_only or seen.funny_files:
        return False
    _, different, failed = filecmp.cmpfiles(one, other, seen.common_files, shallow=False)
    return not different and not failed and all(_same(one / d, other / d) for d in seen.common_dirs)


def test_rclone_brings_and_takes_every_odd_name_unchanged(
    rclone: Rclone, odd_files: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = f"d:{request.node.name}"
    rclone("copy", odd_files, place)
    assert "0 differences found" in rclone("check", "--download", odd_files, place)
    rclone("copy", place, tmp_path / "back")
    assert _same(odd_files, tmp_path / "back")
    assert "There was nothing to transfer" in rclone("copy", "-v", "--size-only", odd_files, place)


def test_rclone_moves_a_tree_and_syncs_what_changed(
    rclone: Rclone, odd_files: Path, request: pytest.FixtureRequest
) -> None:
    place = f"d:{request.node.name}"
    rclone("copy", odd_files, f"{place}/one")
    rclone("moveto", f"{place}/one", f"{place}/two words")
    assert "0 differences found" in rclone("check", "--download", odd_files, f"{place}/two words")
    (odd_files / "plain.txt").write_text("changed, and longer than it was before")
    (odd_files / "big.bin").unlink()
    (odd_files / "new.txt").write_text("new")
    rclone("sync", odd_files, f"{place}/two words")
    assert "0 differences found" in rclone("check", "--download", odd_files, f"{place}/two words")
    rclone("purge", place)
    assert request.node.name not in rclone("lsf", "d:")


def test_rclone_keeps_times_where_the_server_says_it_can(
    rclone: Rclone, odd_files: Path, request: pytest.FixtureRequest
) -> None:
    if "owncloud" not in request.node.name:
        return  # the plain protocol has no way to send a time
    place = f"d:{request.node.name}"
    rclone("copy", odd_files, place)
    assert "There was nothing to transfer" in rclone("copy", "-v", odd_files, place)
