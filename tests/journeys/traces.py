"""Looks for a planted text in whatever a server wrote, in every form that it could have."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s")
LARGEST_FILE_BYTES = 256 * 1024 * 1024


def forms(text: str) -> dict[str, bytes]:
    """Name of the form to the bytes that a file would hold."""
    plain = text.encode()
    found = {
        "plain": plain,
        "lower": text.lower().encode(),
        "decomposed": unicodedata.normalize("NFD", text).encode(),
        "utf-16": text.encode("utf-16-le"),
        "json": "".join(c if ord(c) < 128 else f"\\u{ord(c):04x}" for c in text).encode(),
        "url": quote(text, safe="").encode(),
        "url in lower case": quote(text, safe="").replace("%C", "%c").replace("%A", "%a").encode(),
        "form": quote_plus(text).encode(),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
    }
    for shift in range(3):
        found[f"base64 at {shift}"] = _base64(plain, shift)
        found[f"base64url at {shift}"] = _base64(plain, shift).translate(bytes.maketrans(b"+/", b"-_"))
    for name in DIGESTS:
        digest = hashlib.new(name, plain)
        found[name] = digest.digest()
        found[f"{name} in hex"] = digest.hexdigest().encode()
        found[f"{name} in base64"] = base64.b64encode(digest.digest()).rstrip(b"=")
    return found


def _base64(plain: bytes, shift: int) -> bytes:
    """What stays the same of its Base64, `shift` bytes after a group's start, whatever stands around."""
    encoded = base64.b64encode(b"\0" * shift + plain)
    start = 0 if shift == 0 else 4
    end = len(encoded) - (4 if (shift + len(plain)) % 3 else 0)
    return encoded[start:end]


def files_in(*folders: Path) -> Iterator[Path]:
    """Every regular file below the folders, hidden ones too."""
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def open_files_of(pid: int) -> Iterator[Path]:
    """Regular files that a process holds open, deleted ones too; none when we may not look."""
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except (PermissionError, FileNotFoundError):
        return
    for path in descriptors:
        with suppress(FileNotFoundError):
            target = str(path.readlink())
            if target.startswith("/") and not target.startswith(("/dev/", "/proc/")) and path.is_file():
                yield path


def hits(needles: dict[str, str], paths: Iterable[Path]) -> list[str]:
    """`needle: form in file`, for every trace found. needles: what it is to the text."""
    wanted = [(what, form, value) for what, text in needles.items() for form, value in forms(text).items()]
    found = []
    for path in paths:
        try:
            content = path.read_bytes() if path.stat().st_size <= LARGEST_FILE_BYTES else b""
        except (FileNotFoundError, OSError):
            continue
        found += [f"{what}: {form} in {path}" for what, form, value in wanted if value in content]
    return found
