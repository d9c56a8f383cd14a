"""What a PDF file says: its text, and what it tells of itself."""

import re
import time
from itertools import islice
from typing import TYPE_CHECKING

from synfonium.apps.search.children.dates import parse_date
from synfonium.apps.search.children.language import language_of
from synfonium.apps.search.children.main_text import LONGEST_TEXT
from synfonium.apps.search.children.metadata import LONGEST_NAME, LONGEST_TITLE
from synfonium.apps.search.model import Extract
from synfonium.libraries.simhash import fingerprint

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MOST_PAGES = 200
LONGEST_S = 3.0
# ISO 32000-1, 7.9.4: D:YYYYMMDD and more, of which the day is enough.
_DATE = re.compile(r"D?:?(\d{4})(\d\d)(\d\d)")
# What programs write where nobody gave a title.
_NO_TITLE = re.compile(r"(?:untitled.*|sans titre.*|microsoft \w+ - .*|.*\.\w{2,4})", re.IGNORECASE)


def pdf(body: bytes) -> Extract:
    """Its first 200 pages, as many as three seconds allow. Raises PdfiumError for what is no PDF
    or needs a password."""
    # Loading the library is for those who find such files.
    import pypdfium2

    document = pypdfium2.PdfDocument(body)
    text, said = _text(document), document.get_metadata_dict(skip_empty=True)
    title = " ".join(said.get("Title", "").split())
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    mark = fingerprint(text)
    return Extract(
        title=(first if not title or _NO_TITLE.fullmatch(title) else title)[:LONGEST_TITLE],
        text=text,
        lang=language_of(text),
        author=" ".join(said.get("Author", "").split())[:LONGEST_NAME],
        published_s=_day_s(said.get("CreationDate", "")),
        simhash=mark.simhash,
        bands=mark.bands,
    )


def _text(document: "PdfDocument") -> str:
    until_s, parts, left = time.process_time() + LONGEST_S, list[str](), LONGEST_TEXT
    for page in islice(document, MOST_PAGES):
        words = page.get_textpage().get_text_range(errors="replace")
        parts.append(words[:left].replace("\r\n", "\n"))
        left -= len(words)
        if left <= 0 or time.process_time() > until_s:
            break
    return "\n".join(parts).replace("\x00", "")


def _day_s(said: str) -> float:
    found = _DATE.match(said)
    at_s = parse_date("-".join(found.groups())) if found else 0.0
    return at_s if 0 < at_s <= time.time() else 0.0
