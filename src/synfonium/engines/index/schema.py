"""The fields of the tantivy index, and documents to and from it."""

import math
import re
import zlib
from collections.abc import Iterator, Mapping

import msgspec
from tantivy import Document, Schema, SchemaBuilder

from synfonium.libraries.chains import FAMILIES, clean, family_of
from synfonium.ports.index import IndexDocument, Signals

VERSION = "2"
"""Names the folder; a change of fields or chains raises it and the index is built again."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is read back of a document; `text` is its beginning, for snippets."""

    key: str
    title: str
    text: str
    headings: str
    anchors: str
    lang: str
    host: str
    time_s: float
    kind: str
    signals: Signals
    shown: Mapping[str, str]


def build_schema() -> Schema:
    """Three text fields a family; a document fills only its own family's.

    `text` holds the headings too, `place` the address. `words` serves suggestions and holds
    public documents only. `space` holds the space, and it again with each mark: so one term
    finds what bears a mark in a space. `site` holds the host and every domain above it.
    """
    builder = SchemaBuilder()
    for name in ("key", "lang", "family", "space", "site", "kind", "file_type"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("kept", stored=True)
    for name in ("time_ms", "central"):
        builder.add_integer_field(name, fast=True)
    for name in ("adult", "host_number"):
        builder.add_unsigned_field(name, fast=True)
    for family in FAMILIES:
        builder.add_text_field(f"text_{family}", tokenizer_name=f"text_{family}")
        builder.add_text_field(f"title_{family}", tokenizer_name=f"title_{family}")
        builder.add_text_field(f"anchors_{family}", tokenizer_name=f"text_{family}", index_option="freq")
    builder.add_text_field("place", tokenizer_name="place", index_option="freq")
    builder.add_text_field("words", tokenizer_name="words", index_option="basic")
    return builder.build()


def marked(space: str, mark: str) -> str:
    """The term of what bears `mark` in `space`; no space and no mark has the character between."""
    return f"{space}{_BETWEEN}{clean(mark).replace(_BETWEEN, '')}"


def domains(host: str) -> Iterator[str]:
    """`host` and every domain above it: www.example.org, example.org, org."""
    labels = clean(host).lower().strip(".").split(".")[:_MOST_LABELS]
    return (".".join(labels[start:]) for start in range(len(labels)))


def thousandths(share: float) -> int:
    return round(1000 * min(1.0, max(0.0, share)))


def milliseconds(time_s: float) -> int:
    """Whole milliseconds that the index can hold, for any number of seconds."""
    return round(1000 * min(_LATEST_S, max(-_LATEST_S, time_s))) if math.isfinite(time_s) else 0


_BETWEEN = "\x1f"
_MOST_LABELS = 20
_LATEST_S = 1e12
KEPT_CHARACTERS = 8_000
_KEPT_HEADINGS, _KEPT_ANCHORS = 1_000, 2_000
_BLANKS = re.compile(r"\s+")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Kept)


def to_document(document: IndexDocument) -> Document:
    """The document as the index holds it; blanks in texts are one space each."""
    kept = Kept(
        clean(document.key),
        _spaced(document.title),
        _spaced(document.text),
        _spaced(document.headings)[:_KEPT_HEADINGS],
        _spaced(document.anchors)[:_KEPT_ANCHORS],
        clean(document.lang),
        clean(document.host),
        document.time_s,
        clean(document.kind),
        document.signals,
        {clean(name): clean(value) for name, value in document.shown.items()},
    )
    result = Document()
    _add_terms(result, document, kept)
    _add_numbers(result, kept)
    _add_texts(result, kept, is_public=not document.space)
    shortened = msgspec.structs.replace(kept, text=kept.text[:KEPT_CHARACTERS])
    result.add_bytes("kept", _ENCODER.encode(shortened))
    return result


def from_document(stored: Document) -> Kept:
    return _DECODER.decode(bytes(stored["kept"][0]))


def _spaced(text: str) -> str:
    return _BLANKS.sub(" ", clean(text)).strip()


def _add_terms(result: Document, document: IndexDocument, kept: Kept) -> None:
    exact = (("key", kept.key), ("lang", kept.lang), ("kind", kept.kind))
    for name, value in (*exact, ("family", family_of(kept.lang))):
        result.add_text(name, value)
    if document.file_type:
        result.add_text("file_type", clean(document.file_type).lower())
    for term in (document.space, *(marked(document.space, mark) for mark in document.marks)):
        result.add_text("space", term)
    for domain in domains(kept.host) if kept.host else ():
        result.add_text("site", domain)


def _add_numbers(result: Document, kept: Kept) -> None:
    signals = kept.signals
    result.add_integer("time_ms", milliseconds(kept.time_s))
    result.add_integer("central", thousandths(signals.host_rank) + thousandths(signals.page_rank))
    result.add_unsigned("adult", thousandths(signals.adult))
    result.add_unsigned("host_number", zlib.crc32(kept.host.encode()))


def _add_texts(result: Document, kept: Kept, *, is_public: bool) -> None:
    family = family_of(kept.lang)
    place = kept.key.partition("://")[2] or kept.host if kept.host else ""
    texts = (("text", kept.headings), ("text", kept.text), ("title", kept.title), ("anchors", kept.anchors))
    for name, text in texts:
        if text:
            result.add_text(f"{name}_{family}", text)
    if place:
        result.add_text("place", place)
    if is_public:
        result.add_text("words", kept.title)
        result.add_text("words", kept.text)
