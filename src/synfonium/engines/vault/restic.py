"""Backups by restic (Debian package `restic`, 0.14 or newer): its repository, our words.

An address is what restic takes: a folder, `sftp:…`, `s3:…`, `rest:…`. The key goes by the
environment of the child, which only its own user can read.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from synfonium.engines.vault.child import Child, Ended, Hear
from synfonium.ports.vault import Kept, Stored, Told, VaultError, VaultReason

PROGRAM = "restic"
_HOST = "synfonium"
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "LANG")
_PASSED_PREFIXES = ("AWS_", "RESTIC_REST_", "B2_", "AZURE_", "GOOGLE_")
_REMOTE = re.compile(r"(s3|sftp|rest|b2|azure|gs|swift|rclone):")
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
# Some files could not be read; the backup was stored without them.
_INCOMPLETE = 3
_TRIES = 5


class ResticVault:
    """A Vault (see the port). cache: a folder for what a remote place would be asked again."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        cache: Path | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._address = address
        self._is_remote = bool(_REMOTE.match(address))
        self._cache = cache if self._is_remote else None
        kept = {k: v for k, v in environment.items() if k in _PASSED_ON or k.startswith(_PASSED_PREFIXES)}
        self._environment = {**kept, "RESTIC_PASSWORD": key, "RESTIC_PROGRESS_FPS": "2"}

    async def exists(self) -> bool:
        if not self._is_remote and not Path(self._address, "config").is_file():
            return False
        ended = await self._run(["cat", "config"])
        if ended.status == 0:
            return True
        failure = _failure(ended)
        if failure.reason == "absent":
            return False
        raise failure

    async def create(self) -> None:
        if not self._is_remote:
            folder = Path(self._address)
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise VaultError("strange", "this place holds other things")
        await self._good(["init", "--repository-version", "latest"])

    async def mend(self) -> None:
        # Packs that arrived before a kill stand in no index yet: with one they are not sent again.
        await self._good(["unlock"])
        await self._good(["rebuild-index"])
        await self._good(["unlock"])

    async def store(self, folder: Path, *, leave_out: Sequence[str], told: Told) -> Stored:
        base = _literal(os.fspath(folder))
        left = [f"--exclude={base}/{pattern}" for pattern in leave_out]
        words = [
            "backup",
            "--host",
            _HOST,
            "--tag",
            "home",
            "--ignore-ctime",
            "--one-file-system",
            *left,
            ".",
        ]
        summary: dict[str, Any] = {}
        failed: list[str] = []

        async def hear(line: str) -> None:
            said = _said(line)
            kind = said.get("message_type")
            if kind == "status":
                await told(float(said.get("bytes_done", 0)), float(said.get("total_bytes", 0)))
            elif kind == "summary":
                summary.update(said)
            elif kind == "error":
                failed.append(os.path.relpath(str(said.get("item", "")), folder))

        ended = await self._run(words, folder=folder, hear=hear)
        if ended.status not in (0, _INCOMPLETE) or not summary:
            raise _failure(ended)
        return Stored(
            id=str(summary["snapshot_id"]),
            added_bytes=int(summary["data_added"]),
            total_bytes=int(summary["total_bytes_processed"]),
            files=int(summary["total_files_processed"]),
            left_out=tuple(failed),
        )

    async def kept(self) -> list[Kept]:
        ended = await self._good(["snapshots", "--tag", "home"])
        found = msgspec.json.decode(ended.output or "[]", type=list[_Snapshot] | None) or []
        kept = [Kept(id=snapshot.id, time_s=_time_s(snapshot.time)) for snapshot in found]
        return sorted(kept, key=lambda one: one.time_s)

    async def fetch(self, kept_id: str, target: Path, *, told: Told, only: Sequence[str] = ()) -> None:
        total = await self._restored_bytes(kept_id)
        chosen = [word for path in only for word in ("--include", f"/{_literal(path)}")]
        words = ["restore", kept_id, "--target", os.fspath(target), *chosen]
        ended = await self._run(words, written=lambda done: told(min(done, total), total))
        if ended.status or "ignoring error for" in ended.errors.lower():
            raise _failure(ended)

    async def thin(self, *, keep_daily: int, keep_weekly: int) -> None:
        rules = ["--keep-last", "1", "--keep-daily", str(keep_daily), "--keep-weekly", str(keep_weekly)]
        await self._good(["unlock"])
        await self._good(["forget", "--tag", "home", "--group-by", "host", *rules, "--prune"])

    async def verify(self, *, share: float) -> None:
        percent = max(0.1, min(100.0, 100 * share))
        read = ["--read-data"] if percent >= 100 else [f"--read-data-subset={percent:g}%"]
        await self._good(["check", *(read if share > 0 else [])])

    async def size_bytes(self) -> int:
        if self._is_remote:
            ended = await self._good(["stats", "--mode", "raw-data"])
            return int(_said(ended.output).get("total_size", 0))
        return sum(path.stat().st_size for path in Path(self._address).rglob("*") if path.is_file())

    async def _restored_bytes(self, kept_id: str) -> float:
        ended = await self._good(["stats", kept_id])
        return float(_said(ended.output.strip().splitlines()[-1]).get("total_size", 0))

    async def _good(self, words: list[str]) -> Ended:
        ended = await self._run(words)
        if ended.status:
            raise _failure(ended)
        return ended

    async def _run(self, words: list[str], **options: Any) -> Ended:
        program = shutil.which(PROGRAM)
        if program is None:
            raise VaultError("missing", f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
        cache = ["--cache-dir", os.fspath(self._cache)] if self._cache else ["--no-cache"]
        command = [program, "--json", "-r", self._address, *cache, *words]
        hear = Patience(options.pop("hear", None))
        return await Child(command, self._environment).run(hear=hear, **options)


class Patience:
    """Ends what restic would try again for a quarter of an hour: a full disk at once, a place
    that does not answer after five tries."""

    def __init__(self, hear: Hear | None) -> None:
        self._hear, self._tries = hear, 0

    async def __call__(self, line: str) -> None:
        if "retrying after" in line:
            self._tries += 1
            reason = _reason(line) or "failed"
            if reason == "full" or self._tries > _TRIES:
                raise VaultError(reason, line.rpartition(": ")[2].strip()[:200])
        if self._hear is not None:
            await self._hear(line)


class _Snapshot(msgspec.Struct, frozen=True):
    id: str
    time: str


def _said(line: str) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _failure(ended: Ended) -> VaultError:
    text = ended.errors + "\n" + ended.output[-2000:]
    lines = [line.strip() for line in ended.errors.splitlines() if line.strip()]
    told = next((line for line in lines if "fatal" in line.lower()), lines[-1] if lines else "")
    return VaultError(_reason(text) or "failed", told.removeprefix("Fatal: ")[:300])


def _reason(text: str) -> VaultReason | None:
    lowered = text.lower()
    return next((reason for words, reason in _REASONS if words in lowered), None)


def _literal(path: str) -> str:
    """For restic's patterns, in which a backslash makes the next sign plain."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)


def _time_s(text: str) -> float:
    """RFC 3339 with nanoseconds, of which Python 3.11 reads six digits."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
