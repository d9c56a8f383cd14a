"""A home that is being restored carries a mark, and is served by nobody until it is whole."""

import os
from pathlib import Path

from synfonium.kernel.config import ConfigError

__all__ = ["check_whole", "is_half", "mark", "unmark"]

_MARK = "half-restored"


def is_half(home: Path) -> bool:
    return (home / _MARK).exists()


def check_whole(home: Path) -> None:
    """Raises ConfigError for a home whose restore did not come to its end."""
    if is_half(home):
        raise ConfigError("this home is only half restored; run synfonium restore again")


def mark(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / _MARK).touch(mode=0o600)
    _sync(home)


def unmark(home: Path) -> None:
    """Says that all is there and synced."""
    os.sync()
    (home / _MARK).unlink()
    _sync(home)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
