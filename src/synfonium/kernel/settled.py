"""Whether a home's tables are those of this code, known without looking into any."""

import os
from pathlib import Path
from typing import Literal

import msgspec

from synfonium.kernel.heads import heads

__all__ = [
    "FOLDER",
    "LAST",
    "UNFINISHED",
    "LastUpgrade",
    "UpgradeFailed",
    "is_settled",
    "last_upgrade",
    "settle",
    "write_whole",
]

FOLDER, UNFINISHED, LAST, SCHEMA = "upgrades", "unfinished", "last.json", "schema.json"


class UpgradeFailed(Exception):
    """The home is as it was; the message is one line for the operator."""


class LastUpgrade(msgspec.Struct, frozen=True, kw_only=True):
    """How the last upgrade went. app: at which it failed. copy: its folder in `upgrades`."""

    state: Literal["done", "failed"]
    time_s: float
    version: str
    before: dict[str, str]
    after: dict[str, str]
    app: str = ""
    copy: str = ""


def is_settled(home: Path, database: str) -> bool:
    """Whether the tables are known to be those of this code; a few milliseconds. A home
    without any tables yet is."""
    if (home / FOLDER / UNFINISHED).exists():
        return False
    try:
        known = msgspec.json.decode((home / SCHEMA).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return database == "sqlite" and not any((home / "databases").glob("*.sqlite"))
    return known == heads()


def settle(home: Path) -> None:
    """Remembers that the tables are those of this code."""
    write_whole(home / SCHEMA, msgspec.json.encode(heads()))


def last_upgrade(home: Path) -> LastUpgrade | None:
    try:
        return msgspec.json.decode((home / FOLDER / LAST).read_bytes(), type=LastUpgrade)
    except (OSError, msgspec.DecodeError):
        return None


def write_whole(path: Path, content: bytes) -> None:
    """Whole and synced, or as before."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    opened = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
