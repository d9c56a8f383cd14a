"""Where a typed question with a shortcut goes."""

import re
from urllib.parse import urlencode

import msgspec

from synfonium.apps.search.service.shortcuts.book import Book

PAGE = "/search/shortcuts"
_FIRST = re.compile(r"!(\S{1,30})(?:\s+(.*))?", re.DOTALL)
_LAST = re.compile(r"(.*\S)\s+!(\S{1,30})", re.DOTALL)


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """An address to go on to. host: of another site, which then sees the question."""

    url: str
    host: str = ""

    @property
    def is_outside(self) -> bool:
        return bool(self.host)


def going(typed: str, book: Book, lang: str, *, only_ours: bool = False) -> Going | None:
    """Where `!w chat` or `chat !w` leads; None for a question without a known shortcut.

    `!` alone leads to the list. only_ours: no other site, as for young people.
    """
    typed = typed.strip()
    if typed == "!":
        return Going(url=PAGE)
    trigger, query = _parts(typed)
    shortcut = book.by_trigger.get(trigger.lower())
    if shortcut is None or (shortcut.url and only_ours):
        return None
    if shortcut.url:
        return Going(url=shortcut.address(query, lang), host=shortcut.host)
    if shortcut.vertical == "places":
        return Going(url=f"/search/places?{urlencode({'q': query})}")
    vertical = "" if shortcut.vertical == "web" else shortcut.vertical
    return Going(url=f"/search?{urlencode({'q': query, 'vertical': vertical})}")


def _parts(typed: str) -> tuple[str, str]:
    if match := _FIRST.fullmatch(typed):
        return match[1], (match[2] or "").strip()
    match = _LAST.fullmatch(typed) if "!" in typed else None
    return (match[2], match[1]) if match else ("", "")
