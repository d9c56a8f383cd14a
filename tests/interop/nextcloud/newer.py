"""Clients of a newer Debian, run in a root of their own; this computer's packages stay as they are.

The packages come from where this computer gets its own. They are unpacked, not set up: that is all a
program on the command line needs, and as fast as it can be.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from conftest import is_ci

from synfonium.apps.pc.service.sources import release, sources_of

SUITE = "trixie"
# Beside the client: where everything lies, and a locale of UTF-8.
PACKAGES = ("nextcloud-desktop-cmd", "base-files", "libc-bin")
BUILD_S = 300.0
# Where the folder of a test stands inside.
INSIDE = Path("/home")
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


def newer_root(program: Callable[[str], str]) -> Path:
    """The root, made the first time; kept with what a person's other programs keep.

    Skips where it cannot be made, fails in CI.
    """
    for needed in ("mmdebstrap", "bwrap", "tar"):
        program(needed)
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "synfonium-tests"
    kept.mkdir(parents=True, exist_ok=True)
    stamp = hashlib.sha256(repr((SUITE, PACKAGES, HOSTS)).encode()).hexdigest()[:12]
    root = kept / f"{SUITE}@{stamp}"
    with (kept / f"{SUITE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _build(root, kept / f".{root.name}")
    return root


def inside(root: Path, folder: Path, home: Path) -> list[str]:
    """What stands before a program of `root` that sees of this computer its network and `folder`."""
    return [
        "bwrap", "--ro-bind", str(root), "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp",
        "--bind", str(folder), str(INSIDE), "--setenv", "HOME", str(INSIDE / home.relative_to(folder)),
        "--setenv", "LC_ALL", "C.UTF-8", "--unshare-pid", "--die-with-parent",
    ]  # fmt: skip


def _build(root: Path, building: Path) -> None:
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    made = building.with_suffix(".tar")
    try:
        said = _make(made)
        if said.returncode != 0:
            message = f"{SUITE} cannot be had from this computer's mirror: {said.stderr[-500:]}"
            pytest.fail(message) if is_ci() else pytest.skip(message)
        words = ["tar", "-x", "-C", str(building), "--exclude=./dev/*", "-f", str(made)]
        subprocess.run(words, check=True, timeout=BUILD_S)
    finally:
        made.unlink(missing_ok=True)
    (building / "etc" / "hosts").write_text(HOSTS)
    building.rename(root)


def _make(archive: Path) -> "subprocess.CompletedProcess[str]":
    here = release()
    sources = [source for source in sources_of(here) if here in source.suites]
    listed = [msgspec.structs.replace(source, suites=(SUITE,)).as_deb822() for source in sources]
    is_root = os.geteuid() == 0
    # As root it mounts in the new root: in namespaces of its own that goes when it goes.
    apart = ["unshare", "--mount", "--propagation", "private", "--pid", "--kill-child", "--mount-proc"]
    return subprocess.run(
        [
            *(apart if is_root else []), "mmdebstrap", f"--mode={'root' if is_root else 'unshare'}",
            "--variant=extract", "--aptopt=APT::Install-Recommends false",
            "--aptopt=Acquire::Languages none", f"--include={','.join(PACKAGES)}", SUITE, str(archive), "-",
        ],
        input="\n".join(listed), capture_output=True, text=True, timeout=BUILD_S, check=False,
    )  # fmt: skip
