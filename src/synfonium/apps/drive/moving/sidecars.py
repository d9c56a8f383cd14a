"""When Google's pictures were taken: it stands in a .json file beside each, whose name is cut, numbered
and lengthened by rules of its own."""

import re
from collections.abc import Iterable

import msgspec

MOST_BYTES = 128 * 1024
_LONGEST = 46
_ADDED = ".supplemental-metadata"
_NUMBER = re.compile(r"\((\d{1,4})\)$")
_EDITED = re.compile(r"-(?:edited|modifié|modifie|bearbeitet|editado|modificato|bewerkt)(?=\.|\(|$)")
Key = tuple[str, str, str]
"""A folder, the number in parentheses, and the name without it."""


class _Time(msgspec.Struct):
    timestamp: str


class _Note(msgspec.Struct):
    photoTakenTime: _Time


def taken_s(content: bytes) -> float | None:
    """The time that such a file tells; None for every other file."""
    try:
        value = float(msgspec.json.decode(content, type=_Note).photoTakenTime.timestamp)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return None
    return value if abs(value) < 1e11 else None


def may_be_note(path: str, size_bytes: int) -> bool:
    return path.lower().endswith(".json") and size_bytes <= MOST_BYTES


class Sidecars:
    """The notes of a whole archive, however many files it came in."""

    def __init__(self) -> None:
        self._times: dict[Key, tuple[str, float]] = {}
        self._by_stem: dict[Key, tuple[str, float]] = {}

    def add(self, path: str, time_s: float) -> None:
        """A note that stands at `path`."""
        folder, _, name = path.rpartition("/")
        stem, number = _numbered(name[: -len(".json")])
        self._times[folder, number, stem] = (path, time_s)
        self._by_stem[folder, number, stem.partition(".")[0]] = (path, time_s)

    def find(self, path: str) -> tuple[str, float] | None:
        """The note of the picture at `path`, and its time."""
        folder, _, name = path.rpartition("/")
        name, number = _picture(name)
        for stem in _stems(_EDITED.sub("", name)):
            if found := self._times.get((folder, number, stem)):
                return found
        # The moving part of a picture has the note of the still one.
        if name.lower().endswith((".mp4", ".mov", ".mp")):
            return self._by_stem.get((folder, number, name.partition(".")[0]))
        return None

    def used_by(self, paths: Iterable[str]) -> frozenset[str]:
        """The paths of those notes that are some picture's."""
        found = (self.find(path) for path in paths if not path.lower().endswith(".json"))
        return frozenset(one[0] for one in found if one)


def _numbered(stem: str) -> tuple[str, str]:
    """`a.jpg(1)` → `a.jpg`, `1`."""
    match = _NUMBER.search(stem)
    return (stem[: match.start()], match[1]) if match else (stem, "")


def _picture(name: str) -> tuple[str, str]:
    """`a(1).jpg` → `a.jpg`, `1`."""
    stem, dot, ending = name.rpartition(".")
    stem, number = _numbered(stem) if dot else _numbered(name)
    return f"{stem}{dot}{ending}" if dot else stem, number


def _stems(name: str) -> Iterable[str]:
    yield name
    whole = name + _ADDED
    for length in range(len(whole), len(name), -1):
        yield whole[:length]
    if len(name) > _LONGEST - 1:
        yield name[:_LONGEST]
        yield name[: _LONGEST + 1]
