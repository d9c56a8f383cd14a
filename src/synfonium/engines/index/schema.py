"""The fields of the tantivy index, and documents to and from it."""

import re

from tantivy import Document, Schema, SchemaBuilder

from synfonium.engines.index.chains import FAMILIES, clean, family_of
from synfonium.ports.index import IndexDocument

VERSION = "1"
"""Names the folder; a change of fields or chains raises it and the index is built again."""


def build_schema() -> Schema:
    """One pair of text fields a family; a document fills only its own family's pair.

    `words` serves suggestions and holds public documents only. `shown` is the beginning
    of the text, for snippets. `space` holds the space, and it again with each mark: so one
    term finds what bears a mark in a space, and indexes made before there were marks stay good.
    """
    builder = SchemaBuilder()
    for name in ("key", "lang", "host"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("space", "family"):
        builder.add_text_field(name, stored=name == "family", tokenizer_name="raw", index_option="basic")
    builder.add_float_field("time_s", stored=True)
    builder.add_bytes_field("shown", stored=True)
    for family in FAMILIES:
        builder.add_text_field(f"title_{family}", stored=True, tokenizer_name=f"title_{family}")
        builder.add_text_field(f"text_{family}", tokenizer_name=f"text_{family}")
    builder.add_text_field("place", tokenizer_name="place", index_option="freq")
    builder.add_text_field("words", tokenizer_name="words", index_option="basic")
    return builder.build()


def marked(space: str, mark: str) -> str:
    """The term of what bears `mark` in `space`; no space and no mark has the character between."""
    return f"{space}{_BETWEEN}{clean(mark).replace(_BETWEEN, '')}"


_BETWEEN = "\x1f"
SHOWN_CHARACTERS = 8_000
_BLANKS = re.compile(r"\s+")


def to_document(document: IndexDocument) -> Document:
    """The document as the index holds it; blanks in texts are one space each."""
    family = family_of(document.lang)
    title = _BLANKS.sub(" ", clean(document.title)).strip()
    text = _BLANKS.sub(" ", clean(document.text)).strip()
    result = Document()
    for name, value in (("key", document.key), ("lang", document.lang), ("host", document.host)):
        result.add_text(name, clean(value))
    for term in (document.space, *(marked(document.space, mark) for mark in document.marks)):
        result.add_text("space", term)
    result.add_text("family", family)
    result.add_float("time_s", document.time_s)
    result.add_bytes("shown", text[:SHOWN_CHARACTERS].encode())
    result.add_text(f"title_{family}", title)
    result.add_text(f"text_{family}", text)
    if document.host:
        result.add_text("place", clean(document.key.partition("://")[2] or document.host))
    if not document.space:
        result.add_text("words", title)
        result.add_text("words", text)
    return result
