"""Pages from inverted indexes in the Common Index File Format (CIFF, Lin et al. 2020).

A file is a Header, then PostingsLists, then DocRecords: protobuf messages, each after its length.
Positions are not in it: a page's text is its words, as often as they occur, in no order. Documents
that have no web address for a name are skipped: in shards of the Open Web Index those are numbers
of rows in the parquet files beside them, which hold the text itself.

Forty lines read the three messages; the protobuf package would be a dependency for them alone.
"""

from array import array
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from synfonium.apps.search.model import Extract, ReadPage, normal_url
from synfonium.apps.search.service.imports.records import Left, Record
from synfonium.libraries.simhash import fingerprint

LARGEST_MESSAGE_BYTES = 64 << 20
MOST_POSTINGS = 10_000_000
MOST_WORDS_OF_A_PAGE = 20_000
_MOST_TIMES = 3
_LONGEST_TERM = 100


class BrokenCiff(ValueError):
    """These bytes are no CIFF, or are cut off."""


class _Header(NamedTuple):
    postings_lists: int
    documents: int


def read_ciff(source: BinaryIO) -> Iterator[Record]:
    """The pages of an index, as far as it can be read."""
    try:
        header = _header(_message(source))
        terms, words = _postings(source, header.postings_lists)
        for _ in range(header.documents):
            yield _page(_message(source), terms, words)
    except (BrokenCiff, OSError, EOFError, ValueError):
        yield Left.BROKEN


def _postings(source: BinaryIO, number: int) -> tuple[list[str], dict[int, "array[int]"]]:
    """The terms, and the numbers of those in each document."""
    terms: list[str] = []
    words: dict[int, array[int]] = {}
    left = MOST_POSTINGS
    for _ in range(number):
        term, postings = _postings_list(_message(source))
        left -= len(postings)
        if left < 0:
            raise BrokenCiff("more postings than fit into memory")
        for document, times in postings:
            held = words.setdefault(document, array("I"))
            if len(held) < MOST_WORDS_OF_A_PAGE:
                held.extend([len(terms)] * max(1, min(times, _MOST_TIMES)))
        terms.append(term)
    return terms, words


def _page(message: bytes, terms: list[str], words: dict[int, "array[int]"]) -> Record:
    number, name = 0, ""
    for field, value in _fields(message):
        if field == 1 and isinstance(value, int):
            number = value
        elif field == 2 and isinstance(value, bytes):
            name = value.decode("utf-8", "replace")
    url = normal_url(name) if "://" in name else None
    if url is None or number not in words:
        return Left.SKIPPED
    text = " ".join(terms[word] for word in words[number])
    mark = fingerprint(text)
    extract = Extract(title="", text=text, lang="", simhash=mark.simhash, bands=mark.bands)
    return ReadPage(url=url, extract=extract, read_s=0.0)


def _header(message: bytes) -> _Header:
    found = {field: value for field, value in _fields(message) if isinstance(value, int)}
    if found.get(1) != 1:
        raise BrokenCiff("another version")
    return _Header(postings_lists=found.get(2, 0), documents=found.get(3, 0))


def _postings_list(message: bytes) -> tuple[str, list[tuple[int, int]]]:
    """The term, and (document, times) of each posting; documents are written as differences."""
    term, document, postings = "", 0, []
    for field, value in _fields(message):
        if field == 1 and isinstance(value, bytes):
            term = value.decode("utf-8", "replace")[:_LONGEST_TERM]
        elif field == 4 and isinstance(value, bytes):
            posting = dict(_fields(value))
            gap, times = posting.get(1, 0), posting.get(2, 1)
            if not isinstance(gap, int) or not isinstance(times, int):
                raise BrokenCiff("a posting of another type")
            document += gap
            postings.append((document, times))
    return term, postings


def _message(source: BinaryIO) -> bytes:
    length = shift = 0
    while True:
        byte = source.read(1)
        if not byte or shift > 35:
            raise BrokenCiff("cut off, or no length")
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            break
    if length > LARGEST_MESSAGE_BYTES:
        raise BrokenCiff("a message too large")
    message = source.read(length)
    if len(message) < length:
        raise BrokenCiff("cut off")
    return message


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field: a varint's number, else its bytes (protobuf's wire format)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise BrokenCiff("a field of no known kind")
        if at + length > len(message):
            raise BrokenCiff("a field longer than its message")
        yield tag >> 3, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise BrokenCiff("a number without end")
