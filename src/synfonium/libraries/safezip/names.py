"""Paths in an archive that every system can hold and no system takes for another place."""

import re
import unicodedata
from hashlib import blake2b

__all__ = ["SafeNames", "is_safe_path", "path_key"]

_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?", re.IGNORECASE
)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
MAX_SEGMENT_BYTES = 200
MAX_PATH_BYTES = 1_000
_MOST_TWINS = 100_000


def safe_segment(text: str) -> str:
    """A file name near to `text` that Windows, macOS and Unix can hold.

    NFC, at most 200 bytes; a character that some system forbids, that hides or turns the
    reading direction is `_`; no device's name, no dot or space at the end, never empty.
    """
    plain = unicodedata.normalize("NFC", text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    kept = "".join("_" if c in _FORBIDDEN or unicodedata.category(c) in _HIDDEN else c for c in plain)
    kept = _shortened(kept, MAX_SEGMENT_BYTES)
    stripped = kept.rstrip(". ")
    kept = stripped + "_" * (len(kept) - len(stripped))
    return f"_{kept}" if not kept or _RESERVED.fullmatch(kept) else kept


def _shortened(name: str, most_bytes: int) -> str:
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = name, "", ""
    while len((stem + dot + ending).encode()) > most_bytes:
        stem = stem[:-1]
    return stem + dot + ending


def path_key(path: str) -> str:
    """What is equal for paths that some system takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def is_safe_path(path: str) -> bool:
    """Whether the path stays below the place where an archive is opened, on every system."""
    if not path or len(path.encode("utf-8", "surrogatepass")) > 4 * MAX_PATH_BYTES:
        return False
    return all(part and safe_segment(part) == part for part in path.split("/"))


class SafeNames:
    """Gives out paths of one archive, no two alike; keeps eight bytes of each."""

    def __init__(self) -> None:
        self._taken: set[bytes] = set()
        self._deep = 0

    def take(self, path: str) -> str:
        """A safe path as near to `path` as there is one free."""
        safe = "/".join(safe_segment(part) for part in path.split("/"))
        if len(safe.encode()) > MAX_PATH_BYTES:
            first, _, rest = safe.partition("/")
            self._deep += 1
            safe = f"{first}/deep/{self._deep}/{rest.rpartition('/')[2]}"
        if self._is_free(safe):
            return safe
        folder, _, name = safe.rpartition("/")
        stem, dot, ending = name.rpartition(".")
        if not stem:
            stem, dot, ending = name, "", ""
        for number in range(2, _MOST_TWINS):
            twin = f"{_shortened(stem, MAX_SEGMENT_BYTES - 20)} ({number}){dot}{ending[:20]}"
            wanted = f"{folder}/{twin}" if folder else twin
            if self._is_free(wanted):
                return wanted
        raise ValueError("too many files of one name")

    def _is_free(self, path: str) -> bool:
        key = blake2b(path_key(path).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        if key in self._taken:
            return False
        self._taken.add(key)
        return True
