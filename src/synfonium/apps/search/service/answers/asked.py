"""What a kind of answer is given, and what it gives."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import msgspec

from synfonium.apps.search.service.answers.numbers import written

LONGEST_ASKED = 300
_PLAIN = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "–": "-"})


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where an answer comes from, as the page says it. url: https, or nothing."""

    name: str
    url: str = ""
    licence: str = ""


class InstantAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as text alone, in the reader's language; whoever shows it escapes it.

    title: the question as it was understood. lead: the answer itself. rows: what else there is,
    label and value. note: what must be known of the answer. swatch: a colour as `#rrggbb`.
    code: the lead is to be copied letter by letter.
    """

    kind: str
    title: str
    lead: str
    rows: tuple[tuple[str, str], ...] = ()
    note: str = ""
    source: Source | None = None
    swatch: str = ""
    code: bool = False


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What one euro was worth on a day, by the code of the currency (ISO 4217)."""

    day: date
    of_euro: Mapping[str, Decimal]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an imported encyclopedia or dictionary says under one title.

    text: the beginning of the article, or nothing in a dictionary. senses: a dictionary's.
    facts: label and value, from an infobox. wiki: the project it comes from, such as `frwiki`.
    """

    title: str
    lang: str
    wiki: str
    url: str
    text: str = ""
    description: str = ""
    senses: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    is_dictionary: bool = False


class Sources(Protocol):
    """What was imported on this machine. Nothing is fetched for a question."""

    async def rates(self, day: date | None = None) -> Rates | None:
        """Of this day, or the last one before it; the newest without a day."""
        ...

    async def entries(self, name: str, lang: str, *, dictionary: bool) -> Sequence[Entry]:
        """Those of this name (folded), the reader's language first."""
        ...


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question to the kinds of answers.

    text: as it was typed, one line. folded: without accents, capitals and typographic signs.
    now: in the installation's own time zone. say: translates what is marked with `_`.
    """

    text: str
    folded: str
    locale: str
    now: datetime
    say: Callable[[str], str]
    sources: Sources

    def number(self, value: Decimal) -> str:
        return written(value, self.locale)


def folded(text: str) -> str:
    """Small letters without accents, plain apostrophes and blanks: how questions are compared."""
    letters = unicodedata.normalize("NFD", text.translate(_PLAIN).casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.replace("œ", "oe").replace("æ", "ae").split())
