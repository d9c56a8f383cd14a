"""What a page says of itself for machines: JSON-LD, and meta elements. All of it bounded."""

from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

import msgspec
from selectolax.lexbor import LexborHTMLParser

LARGEST_SCRIPT_BYTES = 256 << 10
MOST_SCRIPTS = 20
MOST_THINGS = 200
_DEEPEST = 8
_MOST_METAS = 300
_LONGEST_VALUE = 2000

Thing = dict[str, object]


class Page(NamedTuple):
    """A page that was parsed; base: what its relative addresses stand on.

    metas: contents of the meta elements by their lower-case name, property or itemprop; the
    first of each counts. things: the objects of its JSON-LD.
    """

    url: str
    base: str
    tree: LexborHTMLParser
    metas: dict[str, str]
    things: list[Thing]

    def meta(self, *names: str) -> str:
        """The first of these that is there and not blank."""
        return next((value for name in names if (value := self.metas.get(name, ""))), "")


def metas_of(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, node in enumerate(tree.css("meta[content]")):
        if number >= _MOST_METAS:
            break
        attributes = node.attributes
        content = " ".join((attributes.get("content") or "")[:_LONGEST_VALUE].split())
        for kind in ("property", "name", "itemprop"):
            if content and (name := (attributes.get(kind) or "").strip().lower()):
                found.setdefault(name, content)
    return found


def things_of(tree: LexborHTMLParser) -> list[Thing]:
    """The objects in the page's JSON-LD, outer ones first; what is broken is left out."""
    found: list[Thing] = []
    for script in tree.css('script[type="application/ld+json"]')[:MOST_SCRIPTS]:
        source = script.text(deep=True)
        if len(source) > LARGEST_SCRIPT_BYTES:
            continue
        try:
            read = msgspec.json.decode(source)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            continue
        found.extend(_things(read))
        if len(found) >= MOST_THINGS:
            break
    return found[:MOST_THINGS]


def _things(read: object) -> Iterator[Thing]:
    level, left = [read], MOST_THINGS
    for _ in range(_DEEPEST):
        below: list[object] = []
        for value in level:
            if is_thing(value):
                left -= 1
                if "@type" in value:
                    yield value
                below.extend(v for v in value.values() if isinstance(v, dict | list))
            elif isinstance(value, list):
                below.extend(value[:MOST_THINGS])
            if left <= 0 or len(below) > 5 * MOST_THINGS:
                return
        level = below


def is_thing(value: object) -> TypeGuard[Thing]:
    return isinstance(value, dict)


def types_of(thing: Thing) -> tuple[str, ...]:
    """Names of its types, without the address of the vocabulary."""
    said = thing.get("@type")
    names = said if isinstance(said, list) else [said]
    return tuple(name.rpartition("/")[2][:60] for name in names[:5] if isinstance(name, str) and name)


def words_of(value: object, name: str = "name") -> str:
    """A text; of an object its `name`, of a list its first."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if is_thing(value):
        value = value.get(name)
    return " ".join(value[:_LONGEST_VALUE].split()) if isinstance(value, str) else ""
