"""Makes the dictionary with which the index keeps texts small, from free documentation.

    .venv/bin/python scripts/index_dictionary.py

Reads the handbooks of Debian and LibreOffice (packages debian-handbook, libreoffice-help-fr,
-de, -es, -it, -en-us; GPL-2+ or CC-BY-SA-3.0, and MPL-2.0) in the languages that the index knows.
A new dictionary makes what was kept with the old one unreadable: raise the schema's version.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import zstandard
from selectolax.lexbor import LexborHTMLParser

KEPT_AT = Path(__file__).resolve().parents[1] / "src/synfonium/engines/index/texts.dictionary"
HANDBOOK, HELP = Path("/usr/share/doc/debian-handbook/html"), Path("/usr/share/libreoffice/help")
FOLDERS = [
    *(HANDBOOK / lang for lang in ("en-US", "fr-FR", "de-DE", "es-ES", "it-IT")),
    *(HELP / lang / "text" for lang in ("en-US", "fr", "de", "es", "it")),
]
DICTIONARY_BYTES = 112_640
PIECES, PIECE_CHARACTERS = 12_000, 1500
BLANKS = re.compile(r"\s+")


def pieces() -> Iterator[bytes]:
    for page in sorted(page for folder in FOLDERS for page in folder.rglob("*.html")):
        tree = LexborHTMLParser(page.read_bytes())
        tree.strip_tags(["script", "style"])
        text = BLANKS.sub(" ", tree.body.text(separator=" ") if tree.body else "").strip()
        for start in range(0, len(text), PIECE_CHARACTERS):
            yield text[start : start + PIECE_CHARACTERS].encode()


def main() -> None:
    found = list(pieces())
    random.Random(8600).shuffle(found)
    made = zstandard.train_dictionary(DICTIONARY_BYTES, found[:PIECES], level=3)
    KEPT_AT.write_bytes(made.as_bytes())


if __name__ == "__main__":
    main()
