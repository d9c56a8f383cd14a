# SPDX-License-Identifier: Apache-2.0
"""A disk that is soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["can_mount", "small_disk"]


def can_mount() -> bool:
    """Whether this process may mount: root with the right to."""
    try:
        effective = next(
            line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff")
        )
    except (OSError, StopIteration):
        return False
    return os.getuid() == 0 and bool(int(effective.split()[1], 16) >> 21 & 1)


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """Mounts a file system of `size_bytes` at `folder` for the time of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size_bytes},mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True, timeout=10)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=10)
