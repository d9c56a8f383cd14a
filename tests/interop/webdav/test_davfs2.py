"""davfs2: the Drive as a folder of a Linux machine."""

import filecmp
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from .conftest import Account

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]
WRITTEN_S = 60.0


def why_not() -> str:
    """Mounting is the kernel's to allow."""
    if os.geteuid() != 0:
        return "mount.davfs asks for root"
    return "" if Path("/dev/fuse").exists() else "there is no /dev/fuse"


class Mounted:
    """A mount that can be taken off and put on again."""

    def __init__(self, program: str, account: Account, folder: Path) -> None:
        self._program, self._url, self._folder = program, account.url, folder
        self.place = folder / "mounted"
        self.place.mkdir(parents=True)
        self._settings = folder / "davfs2.conf"
        secrets, cache = folder / "secrets", folder / "cache"
        cache.mkdir()
        shutil.chown(cache, group="davfs2")
        cache.chmod(0o770)
        secrets.write_text(f'{account.url} {account.name} "{account.token}"\n')
        secrets.chmod(0o600)
        self._settings.write_text(
            f"secrets {secrets}\ncache_dir {cache}\nask_auth 0\ndelay_upload 0\ngui_optimize 1\n"
        )

    def mount(self) -> None:
        words = [self._program, self._url, str(self.place), "-o", f"conf={self._settings},uid=0,gid=0"]
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def unmount(self) -> None:
        """What was written has arrived when this returns."""
        subprocess.run(["umount", str(self.place)], capture_output=True, timeout=120, check=False)
        deadline_s = time.monotonic() + WRITTEN_S
        while os.path.ismount(self.place):
            assert time.monotonic() < deadline_s, "the mount does not end"
            time.sleep(0.1)


@pytest.fixture
def mounted(account: Account, program: Callable[[str], str]) -> Iterator[Mounted]:
    if reason := why_not():
        pytest.skip(reason)
    path = program("mount.davfs")
    with tempfile.TemporaryDirectory(prefix="davfs2-") as folder:
        # It works as a user of its own, who has to come to its cache.
        Path(folder).chmod(0o755)
        mounted = Mounted(path, account, Path(folder))
        mounted.mount()
        yield mounted
        mounted.unmount()


def test_a_tree_is_copied_in_changed_and_is_there_after_the_next_mount(
    mounted: Mounted, account: Account, odd_files: Path
) -> None:
    for long in odd_files.glob("x*.txt"):
        long.unlink()  # davfs2 makes its name longer in its cache, and fails
    there = mounted.place / "source"
    shutil.copytree(odd_files, there)
    for tree in (there, odd_files):
        (tree / "plain.txt").rename(tree / "renamed.txt")
        with (tree / "big.bin").open("r+b") as file:
            file.seek(5_000_000)
            file.write(b"changed in the middle")
        (tree / "empty").unlink()
    mounted.unmount()
    mounted.mount()
    # By their names: Linux 6.18 and davfs2 1.6.1 do not agree on how a folder is listed.
    names = sorted(str(path.relative_to(odd_files)) for path in odd_files.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(odd_files, there, names, shallow=False)[1:] == ([], [])
    assert in_folder(account) == {path.name for path in odd_files.iterdir()}
    for name in names:
        (there / name).unlink()
        assert not (there / name).exists()


def in_folder(account: Account) -> set[str]:
    """What the server has in it."""
    with httpx.Client(auth=account.auth) as client:
        text = client.request("PROPFIND", f"{account.url}/source/", headers={"Depth": "1"}).text
    hrefs = re.findall("<D:href>(.*?)</D:href>", text)
    return {unquote(href).rstrip("/").rpartition("/")[2] for href in hrefs} - {"source"}
