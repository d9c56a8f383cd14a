"""Names of files and folders: which are legal, which are the same, how they sort.

Decided once in docs/decisions/0004-drive-tree.md; keys are stored, so they cannot change.
"""

import re
import unicodedata
from typing import NewType

Name = NewType("Name", str)
"""A legal name, as its owner wrote it."""

MAX_NAME_BYTES = 255
MAX_SORT_BYTES = 255
MAX_DEPTH = 100
"""Most folders above a file, so that every walk up is short."""

_DIGITS = re.compile(r"\d{1,18}")
_NOT_IN_XML = {"\ufffe", "\uffff"}


class IllegalName(ValueError):
    """The name cannot be given; the message, an English gettext source, says why."""


def legal_name(text: str) -> Name:
    """`text` as a Name, unchanged. Raises IllegalName.

    Refused: empty, `.` and `..`, slash and backslash, control characters, lone
    surrogates, the two characters that XML cannot hold, more than 255 bytes of UTF-8.
    A backslash is a separator on some clients, where the name would leave its folder.
    All else is kept, bidirectional marks, spaces at the ends and emoji included.
    """
    if text in ("", ".", ".."):
        raise IllegalName("A name cannot be empty, one dot or two dots.")
    if "/" in text or "\\" in text:
        raise IllegalName("A name cannot hold a slash or a backslash.")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in _NOT_IN_XML for c in text):
        raise IllegalName("A name cannot hold control characters.")
    if max(len(text.encode()), len(name_key(text))) > MAX_NAME_BYTES:
        raise IllegalName("A name cannot be longer than 255 bytes.")
    return Name(text)


def name_key(name: str) -> bytes:
    """What makes two names of one folder the same: their NFC form, case kept.

    Precomposed and decomposed spellings of one word are one file, as on APFS; the
    spelling that came first stays. Total: also for what is not a legal name.
    """
    return unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")


def name_sort(name: str) -> bytes:
    """Bytes that sort names as people expect: case and accents aside, numbers by value.

    `photo 2` comes before `photo 10`, `Étage` beside `etage`, `a.txt` before `a (2).txt`:
    the ending counts last. Not unique.
    """
    stem, dot, ending = name.rpartition(".")
    text = f"{stem}\0{ending}" if stem and dot else name
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    numbered = _DIGITS.sub(lambda match: _by_value(match[0]), plain)
    return numbered.encode("utf-8", "surrogatepass")[:MAX_SORT_BYTES]


def _by_value(digits: str) -> str:
    number = str(int(digits))
    return f"{chr(ord('0') + len(number) // 10)}{len(number) % 10}{number}"


def with_number(name: str, number: int) -> str:
    """`photo.jpg` → `photo (2).jpg`, shortened to stay legal; for a place that is taken."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 12:
        stem, dot, ending = name, "", ""
    mark = f" ({number}){dot}{ending}"
    room = MAX_NAME_BYTES - len(mark.encode())
    while len(stem.encode()) > room or len(name_key(stem + mark)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + mark
