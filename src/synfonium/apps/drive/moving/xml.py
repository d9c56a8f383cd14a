"""XML that a source sends, read while it comes: no DTD, no entity, and firm limits on all of it."""

from collections.abc import Iterator
from xml.parsers import expat

from synfonium.apps.drive.moving.port import SourceRefused

MOST_DEPTH = 32
MOST_TEXT = 64 * 1024
MOST_BETWEEN_BYTES = 4 * 1024 * 1024


class Piece:
    """One element with its text and children; only those below the elements asked for exist."""

    __slots__ = ("children", "tag", "text")

    def __init__(self, tag: str) -> None:
        self.tag, self.text = tag, ""
        self.children: list[Piece] = []

    def all(self, tag: str) -> Iterator["Piece"]:
        return (child for child in self.children if child.tag == tag)

    def one(self, tag: str) -> "Piece | None":
        return next(self.all(tag), None)

    def said(self, tag: str) -> str:
        """The text of the first child of that name."""
        found = self.one(tag)
        return found.text.strip() if found else ""


class PieceReader:
    """`feed` gives the elements of `wanted` (`namespace local` names) that have become whole.

    Raises SourceRefused for what is not well-formed, declares a type, is too deep, or goes on
    without ending. bare: names are compared without their namespace."""

    def __init__(self, wanted: frozenset[str], *, bare: bool = False) -> None:
        self._wanted, self._bare = wanted, bare
        self._open: list[Piece | None] = []
        self._whole: list[Piece] = []
        self._since = self._text = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, data: bytes, *, is_last: bool = False) -> list[Piece]:
        self._since += len(data)
        self._whole = []
        try:
            self._parser.Parse(data, is_last)
        except (expat.ExpatError, ValueError, LookupError):
            raise SourceRefused("broken") from None
        if self._whole:
            self._since = 0
        if self._since > MOST_BETWEEN_BYTES:
            raise SourceRefused("broken")
        return self._whole

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= MOST_DEPTH:
            raise SourceRefused("broken")
        tag = name.rpartition(" ")[2] if self._bare else name
        above = self._open[-1] if self._open else None
        piece = Piece(tag) if above is not None or tag in self._wanted else None
        if above is not None and piece is not None:
            above.children.append(piece)
        if above is None and piece is not None:
            self._text = 0
        self._open.append(piece)

    def _end(self, _name: str) -> None:
        piece = self._open.pop()
        if piece is not None and (not self._open or self._open[-1] is None):
            self._whole.append(piece)

    def _characters(self, text: str) -> None:
        piece = self._open[-1]
        if piece is not None:
            self._text += len(text)
            if self._text > MOST_TEXT:
                raise SourceRefused("broken")
            piece.text += text

    def _refuse(self, *_said: object) -> None:
        raise SourceRefused("broken")
