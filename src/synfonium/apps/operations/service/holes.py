"""The bucket as files that hold nothing: as large as its blobs, and as old as each other.

The vault takes the content of a file that did not change from the backup before and does not read
it; so all that the disk ever holds is what the vault has not yet. `backup/bucket.of` names the
backup whose content the holes stand for; where that is not known they are made anew from the vault.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from synfonium.apps.operations.model.pieces import Piece, piece_of
from synfonium.apps.operations.service.places import BUCKET, BUCKET_OF
from synfonium.ports.vault import Hollow, Vault

# Of every file: the vault compares size and time.
_TIME_S = 1_000_000_000


class Holes:
    """Files below `backup/bucket` of a home, holes but for those that were just written."""

    def __init__(self, home: Path) -> None:
        self._folder, self._of = home / BUCKET, home / BUCKET_OF
        self._after = ""
        self._whole: set[str] = set()
        self._count = 0
        self.whole_bytes = 0

    async def follow(self, vault: Vault) -> None:
        """They stand for what the newest backup there has. Raises VaultError."""
        self._after = await vault.latest()
        is_known = self._after != "" and self._of.exists() and self._of.read_text("ascii") == self._after
        self._of.unlink(missing_ok=True)
        if not is_known:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not is_known and self._after:
            async for path, size_bytes in vault.listed(self._after, BUCKET):
                self._make(path, size_bytes)
        self._count = sum(1 for _ in self._folder.glob("*/*/*"))

    def hollow(self) -> Hollow:
        return Hollow(folder=BUCKET, after=self._after, whole=frozenset(self._whole), holes=self._count)

    def stored(self, kept_id: str) -> None:
        """All is kept under this id: what was written becomes holes."""
        for path in self._whole:
            file = self._folder / path
            size_bytes = file.stat().st_size
            file.write_bytes(b"")
            self._make(path, size_bytes)
        self._count += len(self._whole)
        self._whole.clear()
        self.whole_bytes, self._after = 0, kept_id

    def settle(self) -> None:
        """They are known to be what the newest backup has."""
        self._of.write_text(self._after, "ascii")

    def beginnings(self, app: str) -> set[str]:
        folder = self._folder / app
        return {path.name for path in folder.iterdir()} if folder.exists() else set()

    def pieces(self, app: str, beginning: str) -> dict[str, list[Piece]]:
        """Name of each blob to its pieces."""
        found: dict[str, list[Piece]] = {}
        for piece in self._pieces(app, beginning):
            found.setdefault(piece.name, []).append(piece)
        return found

    def _pieces(self, app: str, beginning: str) -> Iterator[Piece]:
        folder = self._folder / app / beginning
        for path in sorted(folder.iterdir()) if folder.exists() else ():
            yield piece_of(f"{app}/{beginning}/{path.name}")

    def remove(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            path = self._folder / piece.path
            if piece.path in self._whole:
                self._whole.remove(piece.path)
                self.whole_bytes -= path.stat().st_size
            else:
                self._count -= 1
            path.unlink()

    def has(self, piece: Piece) -> bool:
        return (self._folder / piece.path).exists()

    def write(self, piece: Piece, content: bytearray) -> None:
        """A piece with its content, for the next backup."""
        path = self._folder / piece.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(content)
        os.utime(path, (_TIME_S, _TIME_S))
        self._whole.add(piece.path)
        self.whole_bytes += len(content)

    def _make(self, path: str, size_bytes: int) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file.open("ab") as opened:
            opened.truncate(size_bytes)
        os.utime(file, (_TIME_S, _TIME_S))
