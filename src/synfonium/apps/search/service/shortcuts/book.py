"""The shortcuts of the house and the operator's own, checked when they are read."""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

from synfonium.apps.search.errors import BadShortcuts

OWN_FILE = "shortcuts.toml"
MOST_SHORTCUTS = 5000
_LARGEST_BYTES = 2 << 20
_TRIGGER = re.compile(r"[a-z0-9][a-z0-9+._-]{0,29}")
# The host is a fixed one, but for a language as its first label: no template sends anybody elsewhere.
_HOST = re.compile(r"(?:\{lang\}\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_URL = re.compile(r"https://([^/?#\\@:\s]+)(/[^\s\\\"<>]*)")


class Shortcut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a trigger leads. url: a template with {query}; or vertical, one of our own, and no url."""

    trigger: str
    name: str
    category: str
    url: str = ""
    vertical: str = ""
    also: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.removeprefix("{lang}.").removeprefix("www.")

    def address(self, query: str, lang: str) -> str:
        """The address asked for `query`; of the site itself when there is none."""
        url = self.url.replace("{lang}", lang)
        if not query:
            return f"https://{urlsplit(url).netloc}/"
        return url.replace("{query}", quote(query, safe=""))


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shortcut as the file has it."""

    name: str = ""
    url: str = ""
    vertical: str = ""
    also: tuple[str, ...] = ()


_File = dict[str, dict[str, _Line]]


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """All shortcuts by every trigger, and in the order of their categories."""

    by_trigger: dict[str, Shortcut]
    categories: dict[str, tuple[Shortcut, ...]]


def book_of(folder: Path) -> Book:
    """The house's shortcuts with those of the operator's file in `folder` over them.

    Read again when that file changes. Raises BadShortcuts for a file that is not as it should be.
    """
    own = folder / OWN_FILE
    changed_ns = own.stat().st_mtime_ns if own.is_file() else 0
    return _book(own, changed_ns)


@lru_cache(maxsize=4)
def _book(own: Path, changed_ns: int) -> Book:
    house = files(__package__).joinpath(OWN_FILE).read_bytes()
    lines = _merged(_read(house), _read(own.read_bytes()) if changed_ns else {})
    shortcuts = [_checked(category, trigger, line) for (category, trigger), line in lines.items()]
    if len(shortcuts) > MOST_SHORTCUTS:
        raise BadShortcuts(trigger="…")
    by_trigger: dict[str, Shortcut] = {}
    for shortcut in shortcuts:
        by_trigger[shortcut.trigger] = shortcut
    for shortcut in shortcuts:
        for other in shortcut.also:
            by_trigger.setdefault(other, shortcut)
    return Book(by_trigger=by_trigger, categories=_by_category(shortcuts))


def _read(content: bytes) -> _File:
    try:
        if len(content) > _LARGEST_BYTES:
            raise BadShortcuts(trigger="…")
        return msgspec.convert(tomllib.loads(content.decode()), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise BadShortcuts(trigger=str(wrong)[:200]) from wrong


def _merged(house: _File, own: _File) -> dict[tuple[str, str], _Line]:
    """The operator's line for a trigger replaces the house's; without a target, it takes it away."""
    replaced = {trigger for lines in own.values() for trigger in lines}
    found = {
        (category, trigger): line
        for category, lines in house.items()
        for trigger, line in lines.items()
        if trigger not in replaced
    }
    added = {(c, trigger): line for c, lines in own.items() for trigger, line in lines.items()}
    return {**found, **{key: line for key, line in added.items() if line.url or line.vertical}}


def _checked(category: str, trigger: str, line: _Line) -> Shortcut:
    is_named = all(_TRIGGER.fullmatch(name) for name in (trigger, *line.also)) and line.name
    if not is_named or bool(line.url) == bool(line.vertical) or (line.url and not _is_safe(line.url)):
        raise BadShortcuts(trigger=trigger)
    return Shortcut(
        trigger=trigger,
        name=line.name,
        category=category,
        url=line.url,
        vertical=line.vertical,
        also=line.also,
    )


def _is_safe(url: str) -> bool:
    match = _URL.fullmatch(url)
    if not match or not _HOST.fullmatch(match[1]):
        return False
    rest = match[2].replace("{lang}", "")
    return rest.count("{query}") == 1 and not re.search(r"[{}]", rest.replace("{query}", ""))


def _by_category(shortcuts: Iterable[Shortcut]) -> dict[str, tuple[Shortcut, ...]]:
    found: dict[str, list[Shortcut]] = {}
    for shortcut in shortcuts:
        found.setdefault(shortcut.category, []).append(shortcut)
    return {category: tuple(of) for category, of in found.items()}
