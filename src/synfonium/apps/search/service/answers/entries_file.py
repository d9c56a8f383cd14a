"""Extracts of Wikipedia and Wiktionary, one JSON object a line.

- Wikimedia Enterprise snapshots (`enwiki_namespace_0.tar.gz`, or their `.ndjson` files): `name`, `url`,
  `abstract`, `description`, `in_language.identifier`, `is_part_of.identifier`, `redirects`, `infoboxes`.
- CirrusSearch dumps (`frwiki-…-cirrussearch-content.json.gz`): a line `{"index": …}` before each page, which
  has `title`, `opening_text`, `language`, `wiki`, `redirect`, `namespace`.
- wiktextract, as kaikki.org gives it (`fr-extract.jsonl.gz`): `word`, `lang_code`, `pos`, `senses[].glosses`.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlsplit

import msgspec

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.service.answers.asked import Entry, folded
from synfonium.apps.search.service.imports import read_lines
from synfonium.apps.search.store.knowledge import LONGEST_KEY, LONGEST_NAME, EntryRow

LONGEST_TEXT = 900
_MOST_NAMES, _MOST_FACTS, _MOST_SENSES = 40, 10, 6
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Named(msgspec.Struct, frozen=True):
    name: str = ""
    title: str = ""
    identifier: str | int = ""


class _Infobox(msgspec.Struct, frozen=True):
    has_parts: list[Any] = []


class _Sense(msgspec.Struct, frozen=True):
    glosses: list[str] = []


class _Line(msgspec.Struct, frozen=True):
    """A line of any of the three; what it lacks is empty."""

    name: str = ""
    url: str = ""
    abstract: str = ""
    description: str = ""
    in_language: _Named = _Named()
    is_part_of: _Named = _Named()
    redirects: list[_Named] = []
    infoboxes: list[_Infobox] = []
    title: str = ""
    opening_text: str | None = ""
    language: str = ""
    wiki: str = ""
    redirect: list[_Named] = []
    namespace: int | _Named = 0
    word: str = ""
    lang_code: str = ""
    pos: str = ""
    pos_title: str = ""
    senses: list[_Sense] = []


_decode = msgspec.json.Decoder(_Line).decode


def read_entries(path: Path, lang: str) -> Iterator[EntryRow | None]:
    """Each entry of the file; None for a line that is broken. lang: of a dictionary's explanations.

    Raises NotReadable for a file that cannot be opened.
    """
    try:
        with _opened(path) as files:
            for source in files:
                for number, line in enumerate(read_lines(source)):
                    yield from _rows(line, lang, number)
    except (OSError, EOFError, zlib.error, tarfile.TarError) as failure:
        raise NotReadable(name=path.name) from failure


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[BinaryIO]]:
    if path.name.endswith((".tar.gz", ".tgz")):
        with tarfile.open(path, "r|gz") as archive:
            yield (file for member in archive if member.isfile() and (file := _member(archive, member)))
        return
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as source:
        yield iter((cast(BinaryIO, source),))


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> BinaryIO | None:
    return cast("BinaryIO | None", archive.extractfile(member))


def _rows(line: bytes | None, lang: str, number: int) -> Iterator[EntryRow | None]:
    if line is None:
        yield None
        return
    if line.startswith(b'{"index"'):
        return
    try:
        read = _decode(line)
    except _BROKEN:
        yield None
        return
    entry = _dictionary(read, lang) if read.word else _article(read)
    if entry:
        yield _row(entry, read, number)


def _article(line: _Line) -> Entry | None:
    """Articles alone: no talk, no categories, and none without a text."""
    namespace = line.namespace if isinstance(line.namespace, int) else line.namespace.identifier
    title, text = line.name or line.title, line.abstract or line.opening_text or ""
    wiki = str(line.is_part_of.identifier or line.wiki)
    lang = str(line.in_language.identifier or line.language or wiki.removesuffix("wiki"))
    if namespace not in (0, "", "0") or not title or not text.strip() or not _is_lang(lang):
        return None
    return Entry(
        title=title[:LONGEST_NAME],
        lang=lang,
        wiki=wiki[:40],
        url=_https(line.url) or f"https://{lang}.wikipedia.org/wiki/{quote(title.replace(' ', '_'))}",
        text=shortened(text),
        description=line.description[:200],
        facts=tuple(_facts(line.infoboxes))[:_MOST_FACTS],
    )


def _dictionary(line: _Line, lang: str) -> Entry | None:
    """Words of the language that the dictionary is written in."""
    senses = [sense.glosses[-1].strip()[:400] for sense in line.senses[:_MOST_SENSES] if sense.glosses]
    if line.lang_code != lang or not senses:
        return None
    return Entry(
        title=line.word[:LONGEST_NAME],
        lang=lang,
        wiki=f"{lang}wiktionary",
        url=f"https://{lang}.wiktionary.org/wiki/{quote(line.word)}",
        description=(line.pos_title or line.pos)[:40],
        senses=tuple(sense for sense in senses if sense),
        is_dictionary=True,
    )


def _row(entry: Entry, line: _Line, number: int) -> EntryRow:
    others = (name.name or name.title for name in (*line.redirects, *line.redirect)[:_MOST_NAMES])
    names = {folded(name)[:LONGEST_NAME]: 1 for name in others if name}
    names[folded(entry.title)[:LONGEST_NAME]] = 0
    part = f":{number}" if entry.is_dictionary else ""
    return EntryRow(
        key=f"{entry.wiki}:{entry.title}"[: LONGEST_KEY - 20] + part,
        lang=entry.lang,
        is_dictionary=entry.is_dictionary,
        body=zlib.compress(msgspec.msgpack.encode(entry)),
        names={name: place for name, place in names.items() if name},
    )


def _facts(infoboxes: list[_Infobox]) -> Iterator[tuple[str, str]]:
    """Names and values of the first infobox (structured contents), down two levels."""
    for part in infoboxes[0].has_parts[:20] if infoboxes else ():
        for field in [part, *(part.get("has_parts") or [])][:40] if isinstance(part, dict) else ():
            if isinstance(field, dict) and field.get("type") == "field":
                name, value = str(field.get("name") or ""), str(field.get("value") or "")
                if 0 < len(name) <= 60 and 0 < len(value) <= 160:
                    yield name, value


def shortened(text: str) -> str:
    """Whole sentences, as many as fit into 900 letters."""
    text = " ".join(text[: 4 * LONGEST_TEXT].split())
    if len(text) <= LONGEST_TEXT:
        return text
    cut = text[:LONGEST_TEXT]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > LONGEST_TEXT // 3 else f"{cut.rpartition(' ')[0]} …"


def _is_lang(lang: str) -> bool:
    return 2 <= len(lang) <= 12 and lang.isascii() and lang.replace("-", "").isalpha()


def _https(url: str) -> str:
    parts = urlsplit(url)
    return url if parts.scheme == "https" and parts.hostname and len(url) <= 600 else ""
