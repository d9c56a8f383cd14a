"""Looks for a question and an address in whatever was written since they were asked with."""

import asyncio
import base64
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import msgspec

from synfonium.apps.search.service.proofs.scene import Outcome, Scene, canary_address, canary_word
from synfonium.kernel.i18n import _

MOST_FILES = 200_000
MOST_BYTES = 4 << 30
_PIECE_BYTES = 1 << 20
_SETTLE_S = 1.5
_DIGESTS = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """files: that were read. is_whole: no limit was reached. hits: how many hold a needle."""

    files: int
    is_whole: bool
    hits: int


def forms(text: str) -> set[bytes]:
    """Every form in which a file would plausibly hold it."""
    plain = text.encode()
    found = {plain, text.upper().encode(), plain.hex().encode(), plain.hex().upper().encode()}
    found |= {text.encode("utf-16-le"), text.encode("utf-16-be"), quote(text, safe="").encode()}
    for shift in range(3):
        found |= {_base64(plain, shift), _base64(plain, shift).translate(bytes.maketrans(b"+/", b"-_"))}
    for name in _DIGESTS:
        digest = hashlib.new(name, plain).digest()
        found |= {digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")}
    return found


def _base64(plain: bytes, shift: int) -> bytes:
    """What stays the same of its Base64, `shift` bytes after a group's start, whatever stands around."""
    encoded = base64.b64encode(b"\0" * shift + plain)
    end = len(encoded) - (4 if (shift + len(plain)) % 3 else 0)
    return encoded[4 if shift else 0 : end]


def written_since(folder: Path, since_s: float) -> Iterator[Path]:
    """Regular files of ours below the folder that were changed since then, hidden ones too."""
    for parent, _folders, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            with suppress(OSError):
                told = path.lstat()
                is_ours = told.st_uid == os.getuid() and not path.is_symlink() and path.is_file()
                if is_ours and max(told.st_mtime, told.st_ctime) >= since_s:
                    yield path


def held_open() -> Iterator[Path]:
    """Regular files that this process holds open, deleted ones and its logs too."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if path.is_file() and not str(path.readlink()).startswith(("/dev/", "/proc/", "/memfd:")):
                yield path


def search(needles: Iterable[str], paths: Iterable[Path]) -> Searched:
    """Reads the files, within limits."""
    wanted = [form for needle in needles for form in forms(needle)]
    files = hits = 0
    left_bytes = MOST_BYTES
    for path in paths:
        if files >= MOST_FILES or left_bytes <= 0:
            return Searched(files=files, is_whole=False, hits=hits)
        with suppress(OSError):
            size, is_hit = _holds(path, wanted)
            left_bytes -= size
            files, hits = files + 1, hits + is_hit
    return Searched(files=files, is_whole=True, hits=hits)


def _holds(path: Path, wanted: list[bytes]) -> tuple[int, bool]:
    """How much was read, and whether one of the forms is there, also across two pieces."""
    overlap, read, before = max(map(len, wanted), default=1), 0, b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            read += len(piece)
            whole = before + piece
            if any(form in whole for form in wanted):
                return read, True
            before = whole[-overlap:]
            if read >= MOST_BYTES:
                break
    return read, False


def search_here(needles: Iterable[str], since_s: float, folders: Iterable[Path]) -> Searched:
    """What this process holds open, and what changed in the folders."""

    def paths() -> Iterator[Path]:
        yield from held_open()
        for folder in folders:
            yield from written_since(folder, since_s)

    return search(needles, paths())


async def no_trace(scene: Scene) -> Outcome:
    word, address = canary_word(), canary_address()
    since_s = time.time() - 1
    await _leave_marks(scene, word, address)
    await asyncio.sleep(_SETTLE_S)  # what a queue writes late is written by then
    needles = {"word": word, "address": address}
    there = await scene.context.call("search.traces_here", {"needles": needles, "since_s": since_s})
    folders = (scene.context.home, Path(tempfile.gettempdir()))
    here = await asyncio.to_thread(search_here, needles.values(), since_s, folders)
    return _outcome(here, there)


async def _leave_marks(scene: Scene, word: str, address: str) -> None:
    """Through every door, and wrongly too: what is refused is what logs like to tell."""
    sent = [(b"x-forwarded-for", address.encode()), (b"x-real-ip", address.encode())]
    await scene.every_door([word, f"{word} {word}"], sent, peer=address)
    for wrong in (f"/api/search?q=a&page={word}", f"/search/{word}", f"/search?q=a&lang={word}"):
        await scene.page(wrong, sent, peer=address)


def _outcome(here: Searched, there: Mapping[str, int]) -> Outcome:
    files, hits = here.files + there["files"], here.hits + there["hits"]
    values = {"files": str(files), "hits": str(hits)}
    if hits:
        found = _("{hits} of {files} files hold the word or the address.")
        return Outcome(state="broken", found=found, values=values)
    if not here.is_whole:
        return Outcome(state="open", found=_("Too many files were written to read them all."), values=values)
    found = _("{files} files were written or held open, and none holds the word or the address.")
    return Outcome(state="kept", found=found, values=values)
