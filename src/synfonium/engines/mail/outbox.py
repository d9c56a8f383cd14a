"""Letters as files in a folder: for an installation without a mail server, and for looking at them."""

import asyncio
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from synfonium.ports.mailer import NotSent, Outgoing

__all__ = ["OutboxMailer"]

KEPT_S = 30 * 86_400
_SWEEP_EVERY_S = 3600.0
_SAFE_ID = re.compile(r"<([A-Za-z0-9][A-Za-z0-9._-]{0,80}@[A-Za-z0-9.-]{1,100})>")


class OutboxMailer:
    """A Mailer (see the port): one `.eml` file a message, named by its Message-ID.

    A file is there whole and synced, or not at all; the same Message-ID again changes
    nothing. Files are readable by us alone and removed after 30 days.
    """

    is_idempotent = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept_s = 0.0

    async def send(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        await asyncio.to_thread(self._write, mail, handing_over)

    async def check(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            raise NotSent("disk", is_temporary=True) from None

    def _write(self, mail: Outgoing, handing_over: Callable[[], None]) -> None:
        found = _SAFE_ID.fullmatch(mail.message_id)
        if not found or _is_broken(mail.sender) or _is_broken(mail.recipient):
            raise NotSent("bad_address", is_temporary=False)
        try:
            handing_over()
        except Exception as error:
            raise NotSent("not_marked", is_temporary=True) from error
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(self._folder / f"{found[1]}.eml", mail.content)
            self._sweep()
        except OSError:
            # The same Message-ID again changes nothing, so this is no "perhaps".
            raise NotSent("disk", is_temporary=True) from None

    def _sweep(self) -> None:
        now_s = time.time()
        if now_s - self._swept_s < _SWEEP_EVERY_S:
            return
        self._swept_s = now_s
        for path in self._folder.glob("*.eml"):
            if now_s - path.stat().st_mtime > KEPT_S:
                path.unlink(missing_ok=True)


def _is_broken(address: str) -> bool:
    return not address or any(c in "\r\n\0" for c in address)


def _write_whole(path: Path, content: bytes) -> None:
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
