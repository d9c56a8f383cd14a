"""Documents from JSON lines."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from synfonium.apps.search.model import LONGEST_URL, host_of, normal_url
from synfonium.ports.index import IndexDocument

LONGEST_LINE_BYTES = 16 << 20


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a .jsonl file; `url`, or else `id`, is the document's address."""

    id: str | int = ""
    url: str = ""
    title: str = ""
    text: str = ""
    lang: str = ""


def document_of(line: bytes) -> IndexDocument | None:
    """The document of one line, or None where it is broken or has no address."""
    try:
        read = msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    url = normal_url(read.url) if read.url else ""
    key = url or str(read.id)
    if url is None or not key or len(key) > LONGEST_URL or not key.isprintable():
        return None
    lang = read.lang if read.lang.isascii() and read.lang.isprintable() else ""
    return IndexDocument(key=key, title=read.title, text=read.text, lang=lang[:20], host=host_of(url))


def read_lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank; None for one that is too long to be read whole."""
    while line := source.readline(LONGEST_LINE_BYTES):
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE_BYTES:
            while len(rest := source.readline(LONGEST_LINE_BYTES)) == LONGEST_LINE_BYTES:
                if rest.endswith(b"\n"):
                    break
            yield None
        elif line.strip():
            yield line
