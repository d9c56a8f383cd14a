"""The port that keeps backups: encrypted, deduplicated, each a whole folder at one moment."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO, Literal, Protocol

import msgspec

VaultReason = Literal["wrong_key", "absent", "strange", "damaged", "full", "missing", "unreachable", "failed"]
"""Why a vault cannot do what was asked: the key does not open it; nothing is there; the place
holds other things; what is kept was changed; no room; a program is not installed; the place
does not answer; anything else."""

Told = Callable[[float, float], Awaitable[None]]
"""Hears how many bytes are done, of how many (0 = not known yet)."""


class VaultError(Exception):
    """A refusal; `detail` is one line of the engine, for the operator's terminal alone."""

    def __init__(self, reason: VaultReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One backup that a vault keeps. id: at least 8 hexadecimal digits."""

    id: str
    time_s: float


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What storing did. added_bytes: how much the vault grew; total_bytes: what the backup
    holds; left_out: paths below the folder that could not be read."""

    id: str
    added_bytes: int
    total_bytes: int
    files: int
    left_out: tuple[str, ...] = ()


class Hollow(msgspec.Struct, frozen=True, kw_only=True):
    """Files below `folder` that stand for content which the vault has and the disk has not.

    after: the backup that has it, under the same paths, sizes and times. whole: files of the folder
    that do have their content; holes: how many have not.
    """

    folder: str
    after: str = ""
    whole: frozenset[str] = frozenset()
    holes: int = 0


class Vault(Protocol):
    """Keeps copies of a folder at one address under one key.

    Every call raises VaultError. Cancelling ends the work where it is: nothing half is ever
    listed, and `store` of the same folder goes on with what had arrived. Content that is
    there already is not stored again. The key is never part of a command line.
    """

    async def exists(self) -> bool:
        """Whether backups are kept there; a wrong key raises."""
        ...

    async def create(self) -> None:
        """Begins an empty vault. Raises VaultError("strange") when other things are there."""
        ...

    async def mend(self) -> None:
        """After a kill: frees what the dead process held and finds what had arrived."""
        ...

    async def store(
        self,
        folder: Path,
        *,
        leave_out: Sequence[str],
        told: Told,
        hollow: Hollow | None = None,
        is_part: bool = False,
    ) -> Stored:
        """Keeps `folder` without the patterns (`*` within one part of a path below it).

        hollow: never read; raises VaultError, and keeps nothing, unless the content of each is that
        of `after`. is_part: of a backup on its way, which `kept` does not list and `thin` forgets.
        """
        ...

    async def latest(self) -> str:
        """The newest backup or part of one; "" when there is none."""
        ...

    def listed(self, kept_id: str, folder: str) -> AsyncIterator[tuple[str, int]]:
        """Files of a backup below `folder`: paths in it, and sizes."""
        ...

    async def read(self, kept_id: str, folder: str, take: Callable[[str, IO[bytes]], None]) -> None:
        """Each file of a backup below `folder`, in the order of their paths: `take` gets its path in
        the folder and reads it, in a thread. Nothing is written to a disk."""
        ...

    async def kept(self) -> list[Kept]:
        """Oldest first."""
        ...

    async def fetch(self, kept_id: str, target: Path, *, told: Told, leave_out: str = "") -> None:
        """Writes a backup into the folder `target`; each piece is checked. leave_out: a folder in it."""
        ...

    async def thin(self, *, keep_daily: int, keep_weekly: int) -> None:
        """Forgets backups beyond the newest of so many days and weeks, and frees their room."""
        ...

    async def verify(self, *, share: float) -> None:
        """Reads the structure whole and this share of the content (0 to 1)."""
        ...

    async def size_bytes(self) -> int: ...
