"""Pages to fill a web index with: documentation that Debian packages bring, in pieces of a kilobyte.

    apt-get install debian-handbook gimp-help-fr libreoffice-help-fr linux-doc-6.1 openjdk-17-doc \
        postgresql-doc-15 python3.11-doc

Where more pages are asked for than there are pieces, pieces again with their words in another
order: their vocabulary, frequencies and lengths stay those of real pages.
"""

import os
import random
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count, islice
from pathlib import Path

import msgspec
from selectolax.lexbor import LexborHTMLParser

from synfonium.ports.index import IndexDocument, Signals

ROOTS = [
    Path("/usr/share", place)
    for place in (
        "doc/debian-handbook/html", "doc/linux-doc-6.1/html", "doc/openjdk-17-doc/api",
        "doc/postgresql-doc-15/html", "doc/python3.11/html", "gimp/2.0/help", "libreoffice/help",
    )
]  # fmt: skip
PIECE_CHARACTERS = 1000
LARGEST_FILE_BYTES = 2 << 20
LANGUAGE = re.compile(r"/([a-z]{2})(-[A-Z]{2})?/")
BLANKS = re.compile(r"\s+")
NOT_TEXT = ["script", "style", "nav", "header", "footer", "form"]


def write(path: Path) -> int:
    """All pieces as JSON lines in a fixed random order; how many there are."""
    pages = sorted(page for root in ROOTS for page in _pages(root))
    with ProcessPoolExecutor(2) as readers:
        lines = [line for some in readers.map(_lines, pages, chunksize=64) for line in some]
    random.Random(8600).shuffle(lines)
    path.write_bytes(b"".join(lines))
    return len(lines)


def documents(path: Path, wanted: int) -> Iterator[IndexDocument]:
    """`wanted` documents: the pieces, then variants of them."""
    return islice((document for turn in count() for document in _turn(path, turn)), wanted)


def _turn(path: Path, turn: int) -> Iterator[IndexDocument]:
    decoder = msgspec.json.Decoder(IndexDocument)
    with path.open("rb") as lines:
        for line in lines:
            document = decoder.decode(line)
            yield _variant(document, turn) if turn else document


def _variant(document: IndexDocument, turn: int) -> IndexDocument:
    words, step = document.text.split(" "), turn + 1
    text = " ".join(word for start in range(step) for word in words[start::step])
    host = f"v{turn}.{document.host}"
    return msgspec.structs.replace(
        document, key=document.key.replace(document.host, host, 1), host=host, text=text
    )


def _pages(root: Path) -> Iterator[Path]:
    for folder, _folders, names in os.walk(root, followlinks=True):
        yield from (Path(folder, name) for name in names if name.endswith(".html"))


def _lines(page: Path) -> list[bytes]:
    if page.stat().st_size > LARGEST_FILE_BYTES:
        return []
    return [msgspec.json.encode(document) + b"\n" for document in _pieces(page)]


def _pieces(page: Path) -> Iterator[IndexDocument]:
    root = next(root for root in ROOTS if page.is_relative_to(root))
    tree = LexborHTMLParser(page.read_bytes())
    title = tree.css_first("title")
    headings = " ".join(node.text() for node in tree.css("h1, h2, h3"))[:300]
    tree.strip_tags(NOT_TEXT)
    text = BLANKS.sub(" ", tree.body.text(separator=" ") if tree.body else "").strip()
    lang = LANGUAGE.search(f"{page}")
    site = root.parent.name if root.name in ("html", "api", "help") else root.name
    part = page.relative_to(root).parts
    host = f"{part[0] if len(part) > 1 else 'www'}.{site}.example".lower().replace("_", "-")
    dice = random.Random(str(page))
    for number, piece in enumerate(_cut(text)):
        yield IndexDocument(
            key=f"https://{host}/{'/'.join(part)}{f'?part={number}' if number else ''}",
            title=BLANKS.sub(" ", title.text() if title else part[-1]).strip(),
            text=piece,
            lang=lang[1] if lang else "en",
            host=host,
            time_s=1.6e9 + dice.random() * 1e8,
            headings=BLANKS.sub(" ", headings) if number == 0 else "",
            anchors=title.text()[:100] if title and number == 0 else "",
            signals=Signals(host_rank=dice.random(), page_rank=dice.random()),
        )


def _cut(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        stop = text.rfind(" ", start, start + PIECE_CHARACTERS + 1)
        stop = stop if stop > start and start + PIECE_CHARACTERS < len(text) else start + PIECE_CHARACTERS
        yield text[start:stop]
        start = stop + 1
