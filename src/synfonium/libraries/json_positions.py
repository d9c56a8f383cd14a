"""Reads JSON (RFC 8259) that strangers wrote, and knows the line and column of each value.

For whoever has to tell a person where in their file something is wrong. The standard library
and msgspec know positions only of a syntax error; of the pieces on PyPI, json-source-map 1.0
rests since 2022, recurses without limit and keeps the last of two members with one name. So
this is one of our own: strict, bounded in size, depth and count, and every fault is a value.
"""

import re
from collections.abc import Iterator
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]  # typeshed lacks it
from typing import Any, Literal

import msgspec

Reason = Literal[
    "not-utf8",
    "too-large",
    "too-deep",
    "too-many",
    "syntax",
    "unfinished",
    "text-behind",
    "string",
    "number",
    "surrogate",
    "duplicate",
]
Path = tuple[str | int, ...]
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
LONGEST_NUMBER = 30


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    size_bytes: int = 256 * 1024
    depth: int = 32
    values: int = 20_000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is no JSON, or more than was allowed. path: the value it is in."""

    reason: Reason
    at: int
    path: Path = ()


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was read. value: None when a fault ended the reading. values, names: at which
    character a value, and the name of a member, begin."""

    text: str
    value: Any = None
    is_whole: bool = False
    values: dict[Path, int]
    names: dict[Path, int]
    faults: tuple[Fault, ...] = ()

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a character, from 1."""
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

    def find(self, path: Path, *, name: bool = False) -> int:
        """Where the value at `path` begins, or the innermost that there is on the way to it."""
        if name and path in self.names:
            return self.names[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, 0)


class _End(Exception):
    def __init__(self, reason: Reason, at: int) -> None:
        self.reason, self.at = reason, at


def read(content: bytes, limits: Limits | None = None) -> Read:
    """Reads one JSON text. Never raises; what is wrong is in `faults`, in the order of the text."""
    limits = limits or Limits()
    if len(content) > limits.size_bytes:
        return Read(text="", values={}, names={}, faults=(Fault(reason="too-large", at=0),))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as wrong:
        text = content[: wrong.start].decode("utf-8")
        return Read(text=text, values={}, names={}, faults=(Fault(reason="not-utf8", at=len(text)),))
    return _Reader(text, limits).read()


class _Reader:
    def __init__(self, text: str, limits: Limits) -> None:
        self._text, self._limits = text, limits
        self._values: dict[Path, int] = {}
        self._names: dict[Path, int] = {}
        self._faults: list[Fault] = []

    def read(self) -> Read:
        value, is_whole = None, False
        try:
            value, at = self._value(self._skip(0), ())
            if at != len(self._text):
                raise _End("text-behind", at)
            is_whole = True
        except _End as end:
            self._faults.append(Fault(reason=end.reason, at=min(end.at, len(self._text))))
        return Read(
            text=self._text,
            value=value if is_whole else None,
            is_whole=is_whole,
            values=self._values,
            names=self._names,
            faults=tuple(self._faults),
        )

    def _value(self, at: int, path: Path) -> tuple[Any, int]:
        """The value that begins at `at`, and where the next thing begins."""
        if len(path) > self._limits.depth:
            raise _End("too-deep", at)
        if len(self._values) >= self._limits.values:
            raise _End("too-many", at)
        self._values.setdefault(path, at)
        start = self._text[at : at + 1]
        if start == "{":
            return self._object(at, path)
        if start == "[":
            return self._array(at, path)
        if start == '"':
            value, end = self._string(at, path)
            return value, self._skip(end)
        return self._plain(at)

    def _object(self, at: int, path: Path) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        for place in self._items(at, "}"):
            if self._text[place : place + 1] != '"':
                raise self._unexpected(place)
            name, end = self._string(place, path)
            colon = self._skip(end)
            if self._text[colon : colon + 1] != ":":
                raise self._unexpected(colon)
            here = (*path, name)
            if name in found:
                self._faults.append(Fault(reason="duplicate", at=place, path=here))
            self._names.setdefault(here, place)
            value, self._next = self._value(self._skip(colon + 1), here)
            found.setdefault(name, value)
        return found, self._next

    def _array(self, at: int, path: Path) -> tuple[list[Any], int]:
        found: list[Any] = []
        for place in self._items(at, "]"):
            value, self._next = self._value(place, (*path, len(found)))
            found.append(value)
        return found, self._next

    def _items(self, at: int, closing: str) -> Iterator[int]:
        """Where each item begins; whoever asks leaves in `_next` where it ended."""
        self._next = self._skip(at + 1)
        if self._text[self._next : self._next + 1] == closing:
            self._next = self._skip(self._next + 1)
            return
        while True:
            yield self._next
            sign = self._text[self._next : self._next + 1]
            if sign == closing:
                self._next = self._skip(self._next + 1)
                return
            if sign != ",":
                raise self._unexpected(self._next)
            self._next = self._skip(self._next + 1)

    def _string(self, at: int, path: Path) -> tuple[str, int]:
        try:
            value, end = scanstring(self._text, at + 1, True)
        except JSONDecodeError as wrong:
            raise _End("string", wrong.pos) from None
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            self._faults.append(Fault(reason="surrogate", at=at, path=path))
            value = value.encode("utf-8", "replace").decode()
        return value, end

    def _plain(self, at: int) -> tuple[Any, int]:
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return value, self._skip(at + len(word))
        number = _NUMBER.match(self._text, at)
        if number is None:
            raise self._unexpected(at)
        if len(number[0]) > LONGEST_NUMBER or abs(float(number[0])) == float("inf"):
            raise _End("number", at)
        is_whole = number[1] is None and number[2] is None
        return int(number[0]) if is_whole else float(number[0]), self._skip(number.end())

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._text, at)
        return found.end() if found else at

    def _unexpected(self, at: int) -> _End:
        return _End("syntax" if at < len(self._text) else "unfinished", at)
