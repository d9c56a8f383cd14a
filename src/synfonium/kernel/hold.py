"""While a backup reads the blobs of a home, none is removed.

A lock of the kernel's, shared by whoever reads: it ends with its process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "blobs.hold"


@contextmanager
def holding(home: Path) -> Iterator[None]:
    """Until the block ends, `is_held` is true in every process of the home."""
    opened = os.open(home / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH)
        yield
    finally:
        os.close(opened)


def is_held(home: Path) -> bool:
    try:
        opened = os.open(home / _NAME, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False
