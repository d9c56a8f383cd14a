"""The port that copies all databases of a home at one moment and puts them back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec

Seen = Callable[[float, float], None]
"""Hears how many bytes are done, of how many; may raise to end the work."""


class CopyFailed(Exception):
    """Databases could not be copied or put back; the message is one line for the operator."""


class TableCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a table of a database has."""

    database: str
    table: str
    rows: int


class DatabaseCopies(Protocol):
    """Every database of one home: all apps', and the jobs'. Calls block.

    `copy` leaves writers waiting for milliseconds at most: all copies are of one moment, at
    which every acknowledged write is in them. `put_back` replaces the databases of the copy
    and takes away tables and files that are not in it; it needs them unused, and may be
    asked again after a kill. Both raise CopyFailed, StorageFull, OSError.
    """

    def copy(self, folder: Path, seen: Seen) -> list[TableCount]:
        """Copies into the empty `folder`; what was counted is of the same moment."""
        ...

    def put_back(self, folder: Path) -> None: ...
    def count(self) -> list[TableCount]:
        """Counts the databases as they are."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing would be replaced by `put_back`."""
        ...

    def scratch(self) -> AbstractContextManager[str]:
        """Where tables may be put back for a trial, as in the setting `database`: of the
        same kind, and gone after the block."""
        ...

    def integrity(self) -> list[str]:
        """One line a database that is damaged inside."""
        ...
