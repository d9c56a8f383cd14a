"""Backups by restic (Debian package `restic`, 0.14 or newer): its repository, our words.

An address is what restic takes: a folder, `sftp:…`, `s3:…`, `rest:…`. The key goes by the
environment of the child, which only its own user can read.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from synfonium.engines.vault.child import Child, Ended, Hear
from synfonium.engines.vault.restic_words import Said, failure_of, reason_of, said
from synfonium.engines.vault.unpacking import Unpacking
from synfonium.ports.vault import Hollow, Kept, Stored, Told, VaultError

PROGRAM = "restic"
_HOST = "synfonium"
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "LANG")
_PASSED_PREFIXES = ("AWS_", "RESTIC_REST_", "B2_", "AZURE_", "GOOGLE_")
_REMOTE = re.compile(r"(s3|sftp|rest|b2|azure|gs|swift|rclone):")
# Some files could not be read; the backup was stored without them.
_INCOMPLETE = 3
_TRIES = 5
# Tags: a whole backup; some of one; one of which it was not checked yet that no hole was read.
_HOME, _PART, _DRAFT = "home", "part", "draft"
_LINES_AHEAD = 1000


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
        failure = failure_of(ended)
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

    async def store(
        self,
        folder: Path,
        *,
        leave_out: Sequence[str],
        told: Told,
        hollow: Hollow | None = None,
        is_part: bool = False,
    ) -> Stored:
        base = _literal(os.fspath(folder))
        left = [f"--exclude={base}/{pattern}" for pattern in leave_out]
        wanted = _PART if is_part else _HOME
        words = [
            "--host",
            _HOST,
            "--tag",
            _DRAFT if hollow else wanted,
            "--ignore-ctime",
            "--one-file-system",
        ]
        if hollow:
            # Holes are made anew, with inodes of their own; that restic read none is checked below.
            words += ["--ignore-inode", "--verbose", "--verbose"]
            words += ["--parent", hollow.after] if hollow.after else []
        heard = Said(folder, told, hollow)
        ended = await self._run(["backup", *words, *left, "."], folder=folder, hear=heard)
        stored = heard.stored()
        if ended.status not in (0, _INCOMPLETE) or stored is None:
            raise failure_of(ended)
        if hollow:
            heard.need_hollow()
            return msgspec.structs.replace(stored, id=await self._accept(stored.id, wanted))
        return stored

    async def _accept(self, draft_id: str, wanted: str) -> str:
        """A draft becomes what it was to be, under a new id."""
        await self._good(["tag", "--set", wanted, draft_id])
        for snapshot in await self._snapshots(wanted):
            if snapshot.original.startswith(draft_id):
                return snapshot.id
        raise VaultError("failed", "a backup that was stored is not there")

    async def _snapshots(self, *tags: str) -> list["_Snapshot"]:
        """Those with any of the tags."""
        ended = await self._good(["snapshots", *(word for tag in tags for word in ("--tag", tag))])
        return msgspec.json.decode(ended.output or "[]", type=list[_Snapshot] | None) or []

    async def kept(self) -> list[Kept]:
        found = await self._snapshots(_HOME)
        kept = [Kept(id=snapshot.id, time_s=_time_s(snapshot.time)) for snapshot in found]
        return sorted(kept, key=lambda one: one.time_s)

    async def latest(self) -> str:
        found = await self._snapshots(_HOME, _PART)
        return max(found, key=lambda one: _time_s(one.time)).id if found else ""

    async def listed(self, kept_id: str, folder: str) -> AsyncIterator[tuple[str, int]]:
        lines = asyncio.Queue[str](_LINES_AHEAD)
        work = asyncio.create_task(self._run(["ls", "--recursive", kept_id, f"/{folder}"], hear=lines.put))
        work.add_done_callback(lambda _: None)
        try:
            while not (work.done() and lines.empty()):
                found = said(await _next(lines, work))
                path = str(found.get("path", ""))
                if found.get("type") == "file" and path.startswith(f"/{folder}/"):
                    yield path.removeprefix(f"/{folder}/"), int(found.get("size", 0))
            if (ended := await work).status:
                raise failure_of(ended)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def read(self, kept_id: str, folder: str, take: Callable[[str, IO[bytes]], None]) -> None:
        def below(path: str, content: IO[bytes]) -> None:
            take(path.lstrip("/").removeprefix(f"{folder}/"), content)

        words = self._command(["dump", kept_id, f"/{folder}"])
        if (ended := await Unpacking(words, self._environment).run(below)).status:
            raise failure_of(ended)

    async def fetch(self, kept_id: str, target: Path, *, told: Told, leave_out: str = "") -> None:
        # How much is left out is not known.
        total = 0.0 if leave_out else await self._restored_bytes(kept_id)
        left = ["--exclude", f"/{_literal(leave_out)}"] if leave_out else []
        words = ["restore", kept_id, "--target", os.fspath(target), *left]
        ended = await self._run(words, written=lambda done: told(min(done, total) if total else done, total))
        if ended.status or "ignoring error for" in ended.errors.lower():
            raise failure_of(ended)

    async def thin(self, *, keep_daily: int, keep_weekly: int) -> None:
        rules = ["--keep-last", "1", "--keep-daily", str(keep_daily), "--keep-weekly", str(keep_weekly)]
        await self._good(["unlock"])
        if parts := [snapshot.id for snapshot in await self._snapshots(_PART, _DRAFT)]:
            await self._good(["forget", *parts])
        await self._good(["forget", "--tag", _HOME, "--group-by", "host", *rules, "--prune"])

    async def verify(self, *, share: float) -> None:
        percent = max(0.1, min(100.0, 100 * share))
        read = ["--read-data"] if percent >= 100 else [f"--read-data-subset={percent:g}%"]
        await self._good(["check", *(read if share > 0 else [])])

    async def size_bytes(self) -> int:
        if self._is_remote:
            ended = await self._good(["stats", "--mode", "raw-data"])
            return int(said(ended.output).get("total_size", 0))
        return sum(path.stat().st_size for path in Path(self._address).rglob("*") if path.is_file())

    async def _restored_bytes(self, kept_id: str) -> float:
        ended = await self._good(["stats", kept_id])
        return float(said(ended.output.strip().splitlines()[-1]).get("total_size", 0))

    async def _good(self, words: list[str]) -> Ended:
        ended = await self._run(words)
        if ended.status:
            raise failure_of(ended)
        return ended

    async def _run(self, words: list[str], **options: Any) -> Ended:
        hear = Patience(options.pop("hear", None))
        return await Child(self._command(words), self._environment).run(hear=hear, **options)

    def _command(self, words: list[str]) -> list[str]:
        program = shutil.which(PROGRAM)
        if program is None:
            raise VaultError("missing", f"{PROGRAM} is not installed: apt-get install {PROGRAM}")
        cache = ["--cache-dir", os.fspath(self._cache)] if self._cache else ["--no-cache"]
        return [program, "--json", "-r", self._address, *cache, *words]


async def _next(lines: asyncio.Queue[str], work: asyncio.Task[Ended]) -> str:
    """The next line, or "" when there will be none."""
    if not lines.empty():
        return lines.get_nowait()
    waiting = asyncio.ensure_future(lines.get())
    try:
        await asyncio.wait({waiting, work}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else ""
    finally:
        waiting.cancel()


class Patience:
    """Ends what restic would try again for a quarter of an hour: a full disk at once, a place
    that does not answer after five tries."""

    def __init__(self, hear: Hear | None) -> None:
        self._hear, self._tries = hear, 0

    async def __call__(self, line: str) -> None:
        if "retrying after" in line:
            self._tries += 1
            reason = reason_of(line) or "failed"
            if reason == "full" or self._tries > _TRIES:
                raise VaultError(reason, line.rpartition(": ")[2].strip()[:200])
        if self._hear is not None:
            await self._hear(line)


class _Snapshot(msgspec.Struct, frozen=True):
    id: str
    time: str
    original: str = ""


def _literal(path: str) -> str:
    """For restic's patterns, in which a backslash makes the next sign plain."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)


def _time_s(text: str) -> float:
    """RFC 3339 with nanoseconds, of which Python 3.11 reads six digits."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp()
