"""Elements of an XML file that a stranger wrote, one after the other, never more than asked for."""

import zlib
from collections.abc import Mapping
from xml.parsers import expat

import msgspec

LARGEST_XML_BYTES = 10 << 20
_LONGEST_TEXT = 2000
_DEEPEST = 40


class BadXml(Exception):
    """Not well-formed, too deep, too large, or with entities of its own (which make bombs)."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One element and what stands directly in it: texts and attributes by the local name of each
    child, in lower case; the first of each name."""

    name: str
    texts: Mapping[str, str]
    links: tuple[Mapping[str, str], ...] = ()


def unpacked(body: bytes) -> bytes:
    """The file, or what is in it when it is gzip. Raises BadXml when that is too large."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        plain = zlib.decompressobj(wbits=31).decompress(body, LARGEST_XML_BYTES + 1)
    except zlib.error as failure:
        raise BadXml from failure
    if len(plain) > LARGEST_XML_BYTES:
        raise BadXml
    return plain


def items(body: bytes, names: frozenset[str], most: int) -> list[Item]:
    """The first `most` elements of these local names, whatever their namespace. Raises BadXml."""
    found = _Items(names, most)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = found.start, found.end
    parser.CharacterDataHandler = found.text
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as failure:
        if not found.items:
            raise BadXml from failure
    return found.items


def _refuse(*_declaration: object) -> None:
    raise BadXml


def _local(name: str) -> str:
    return name.rpartition(" ")[2].lower()


class _Items:
    """Collects while the parser goes."""

    def __init__(self, names: frozenset[str], most: int) -> None:
        self.items: list[Item] = []
        self._names, self._most = names, most
        self._path: list[str] = []
        self._texts: dict[str, str] = {}
        self._links: list[Mapping[str, str]] = []
        self._inside_at = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        self._path.append(local)
        if len(self._path) > _DEEPEST:
            raise BadXml
        if not self._inside_at and local in self._names:
            self._inside_at, self._texts, self._links = len(self._path), {}, []
        elif self._is_child and local == "link":
            self._links.append(attributes)

    @property
    def _is_child(self) -> bool:
        return bool(self._inside_at) and len(self._path) == self._inside_at + 1

    def text(self, text: str) -> None:
        if self._is_child:
            before = self._texts.get(self._path[-1], "")
            self._texts[self._path[-1]] = (before + text)[:_LONGEST_TEXT]

    def end(self, name: str) -> None:
        if len(self._path) == self._inside_at:
            self._inside_at = 0
            if len(self.items) < self._most:
                texts = {key: text.strip() for key, text in self._texts.items()}
                self.items.append(Item(name=self._path[-1], texts=texts, links=tuple(self._links)))
        self._path.pop()
