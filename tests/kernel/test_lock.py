"""One server holds a home."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from synfonium.kernel.lock import HomeLock, HomeTaken

HOLD = """
import os, subprocess, sys, time
from pathlib import Path
from synfonium.kernel.lock import HomeLock
lock = HomeLock(Path(sys.argv[1]))
lock.take()
print("held", flush=True)
"""
DIE = """
subprocess.Popen(["sleep", "1"], pass_fds=(lock.descriptor,))
os.kill(os.getpid(), 9)
"""


def test_a_second_holder_is_refused_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD + "time.sleep(20)", str(tmp_path)], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        started = time.monotonic()
        with pytest.raises(HomeTaken, match=str(holder.pid)):
            HomeLock(tmp_path).take()
        assert time.monotonic() - started < 1
    finally:
        holder.kill()
        holder.wait()


def test_the_next_start_waits_for_roles_that_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    # The supervisor dies at once; a child that inherited the lock goes on for a second.
    subprocess.run([sys.executable, "-c", HOLD + DIE, str(tmp_path)], stdout=subprocess.DEVNULL, check=False)
    started = time.monotonic()
    lock = HomeLock(tmp_path)
    lock.take(wait_s=5)
    assert 0.3 < time.monotonic() - started < 4
    lock.release()


def test_a_lock_is_free_again_after_release(tmp_path: Path) -> None:
    first = HomeLock(tmp_path)
    first.take()
    first.release()
    second = HomeLock(tmp_path)
    second.take(wait_s=0)
    second.release()
