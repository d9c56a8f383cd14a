"""The fields of the tantivy index, and documents to and from it."""

import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tantivy import Document, Index, Schema, SchemaBuilder

from synfonium.engines.index.keeping import Kept, pack, packed_signals, unpack
from synfonium.libraries.chains import FAMILIES, clean, family_of
from synfonium.ports.index import IndexDocument

VERSION = "3"
"""Names the folder; a change of fields or chains raises it and the index is built again."""
_EXACT = ("key", "lang", "family", "space", "site", "kind", "file_type")
# The more links say a word, the better, however many others there are.
_WITHOUT_LENGTHS = {
    *_EXACT,
    "words",
    *(f"{name}_{family}" for name in ("anchors", "head") for family in FAMILIES),
}
_BLOCK_BYTES = 8192


def build_schema() -> Schema:
    """Four text fields a family; a document fills only its own family's.

    `text` holds the headings too, `place` the address, `head` all words outside the text.
    `words` serves suggestions: of public documents the title, the headings and how the text
    begins. `space` holds the space, and it again with each mark: so one term finds what bears a
    mark in a space. `site` holds the host and every domain above it.
    """
    builder = SchemaBuilder()
    for name in _EXACT:
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
        builder.add_text_field(f"head_{family}", tokenizer_name=f"text_{family}", index_option="basic")
    builder.add_text_field("place", tokenizer_name="place", index_option="freq")
    builder.add_text_field("words", tokenizer_name="words", index_option="basic")
    return builder.build()


def create(folder: Path) -> None:
    """An empty index. Two things can be said in its file only: that what is kept needs no further
    compression, and that exact terms have no lengths (a byte a document and field)."""
    with TemporaryDirectory(dir=folder) as place:
        Index(build_schema(), place)
        state = json.loads(Path(place, "meta.json").read_bytes())
        state["index_settings"] |= {"docstore_compression": "none", "docstore_blocksize": _BLOCK_BYTES}
        for field in state["schema"]:
            if field["name"] in _WITHOUT_LENGTHS:
                field["options"]["indexing"]["fieldnorms"] = False
        made = Path(place, "meta.json")
        made.write_text(json.dumps(state))
        made.replace(folder / "meta.json")


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
_LEAD_CHARACTERS = 200


def to_document(document: IndexDocument) -> Document:
    """The document as the index holds it; blanks in texts are one space each."""
    text = _spaced(document.text)
    kept = Kept(
        clean(document.key),
        _spaced(document.title),
        text[:KEPT_CHARACTERS],
        _spaced(document.headings)[:_KEPT_HEADINGS],
        _spaced(document.anchors)[:_KEPT_ANCHORS],
        clean(document.lang),
        clean(document.host),
        document.time_s,
        clean(document.kind),
        packed_signals(document.signals),
        {clean(name): clean(value) for name, value in document.shown.items()},
    )
    result = Document()
    _add_terms(result, document, kept)
    _add_numbers(result, document, kept)
    _add_texts(result, kept, text, is_public=not document.space)
    result.add_bytes("kept", pack(kept))
    return result


def from_document(stored: Document) -> Kept:
    return unpack(bytes(stored["kept"][0]))


def _spaced(text: str) -> str:
    return " ".join(clean(text).split())


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


def _add_numbers(result: Document, document: IndexDocument, kept: Kept) -> None:
    signals = document.signals
    result.add_integer("time_ms", milliseconds(kept.time_s))
    result.add_integer("central", thousandths(signals.host_rank) + thousandths(signals.page_rank))
    result.add_unsigned("adult", thousandths(signals.adult))
    result.add_unsigned("host_number", zlib.crc32(kept.host.encode()))


def _add_texts(result: Document, kept: Kept, text: str, *, is_public: bool) -> None:
    family = family_of(kept.lang)
    place = kept.key.partition("://")[2] or kept.host if kept.host else ""
    head = f"{kept.title} {kept.headings} {kept.anchors} {place}"
    texts = [("text", kept.headings), ("text", text), ("title", kept.title), ("anchors", kept.anchors)]
    for name, value in (*texts, ("head", head)):
        if value:
            result.add_text(f"{name}_{family}", value)
    if place:
        result.add_text("place", place)
    if is_public:
        # All words of a text would be a tenth of the index, and few of them worth suggesting.
        for value in (kept.title, kept.headings, text[:_LEAD_CHARACTERS]):
            result.add_text("words", value)
