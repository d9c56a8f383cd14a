"""What restic says, in the words of the port."""

import os
from pathlib import Path
from typing import Any

import msgspec

from synfonium.engines.vault.child import Ended
from synfonium.ports.vault import Hollow, Stored, Told, VaultError, VaultReason

__all__ = ["Said", "failure_of", "reason_of", "said"]

# What restic says, and which reason that is; the first that is found counts.
_REASONS: tuple[tuple[str, VaultReason], ...] = (
    ("wrong password or no key found", "wrong_key"),
    ("no space left on device", "full"),
    ("disk quota exceeded", "full"),
    ("ciphertext verification failed", "damaged"),
    ("does not match", "damaged"),
    ("mismatch", "damaged"),
    ("invalid data returned", "damaged"),
    ("unable to load", "damaged"),
    ("unable to find tree", "damaged"),
    ("is not contained in index", "damaged"),
    ("not found in repository", "damaged"),
    ("repository contains errors", "damaged"),
    ("is there a repository at the following location", "absent"),
    ("config file does not exist", "absent"),
    ("no matching id", "absent"),
    ("no snapshot found", "absent"),
    ("connection refused", "unreachable"),
    ("no such host", "unreachable"),
    ("timeout", "unreachable"),
    ("ssh command exited", "unreachable"),
    ("access denied", "unreachable"),
    ("permission denied", "unreachable"),
)


class Said:
    """Hears `restic backup --json`. Of a hollow folder it needs `--verbose --verbose`: restic then says
    of each file whether it was read, or taken over from the backup before."""

    def __init__(self, folder: Path, told: Told, hollow: Hollow | None) -> None:
        self._folder, self._told = folder, told
        self._below = f"/{hollow.folder}/" if hollow else ""
        self._hollow = hollow or Hollow(folder="")
        self._taken_over, self._wrongly_read = 0, ""
        self._summary: dict[str, Any] = {}
        self._failed: list[str] = []

    async def __call__(self, line: str) -> None:
        told = said(line)
        kind = told.get("message_type")
        if kind == "status":
            await self._told(float(told.get("bytes_done", 0)), float(told.get("total_bytes", 0)))
        elif kind == "verbose_status":
            self._hear_file(str(told.get("item", "")), told.get("action") == "unchanged")
        elif kind == "summary":
            self._summary = told
        elif kind == "error":
            self._failed.append(os.path.relpath(str(told.get("item", "")), self._folder))

    def _hear_file(self, item: str, is_taken_over: bool) -> None:
        if not self._below or not item.startswith(self._below) or item.endswith("/"):
            return
        if item.removeprefix(self._below) in self._hollow.whole:
            return
        if is_taken_over:
            self._taken_over += 1
        else:
            self._wrongly_read = item

    def need_hollow(self) -> None:
        """Raises VaultError when a file without its content was read as if it had it."""
        if self._wrongly_read or self._taken_over != self._hollow.holes:
            raise VaultError("failed", "what the backup before holds was not taken over from it")

    def stored(self) -> Stored | None:
        """None when nothing was kept."""
        if not self._summary:
            return None
        return Stored(
            id=str(self._summary["snapshot_id"]),
            added_bytes=int(self._summary["data_added"]),
            total_bytes=int(self._summary["total_bytes_processed"]),
            files=int(self._summary["total_files_processed"]),
            left_out=tuple(self._failed),
        )


def said(line: str) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def failure_of(ended: Ended) -> VaultError:
    text = ended.errors + "\n" + ended.output[-2000:]
    lines = [line.strip() for line in ended.errors.splitlines() if line.strip()]
    told = next((line for line in lines if "fatal" in line.lower()), lines[-1] if lines else "")
    return VaultError(reason_of(text) or "failed", told.removeprefix("Fatal: ")[:300])


def reason_of(text: str) -> VaultReason | None:
    lowered = text.lower()
    return next((reason for words, reason in _REASONS if words in lowered), None)
