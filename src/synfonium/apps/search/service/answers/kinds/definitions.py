"""Definitions from an imported dictionary: `définition de chat`, `define cat`."""

import re

from synfonium.apps.search.service.answers.asked import Asked, Entry, InstantAnswer, Source, folded
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"^(?:definition|define|definir|signification|sens d|meaning|que (?:veut|signifie)|what does)"
    r"|\b(?:definition|meaning)\??$"
)
_ASK = re.compile(
    r"(?:d[eé]finition|d[eé]finir|signification|sens|define|meaning)"
    r"(?: (?:de|du|of|le mot|the word)){0,2}(?: | d['’])(?:la |le |l['’]|the )?(?P<a>.{1,80}?)"
    r"|(?P<b>.{1,80}?) (?:d[eé]finition|definition|meaning)"
    r"|(?:que (?:veut dire|signifie)|what does) (?:le mot )?(?P<c>.{1,80}?)(?: mean)?",
    re.IGNORECASE,
)
_MOST_SENSES = 6


async def answer(asked: Asked) -> InstantAnswer | None:
    match = _ASK.fullmatch(asked.text.strip(" ?\u00a0"))
    word = folded(next((group for group in match.groups() if group), "")) if match else ""
    word = word.strip("\"'«» ")
    entries = await asked.sources.entries(word, asked.locale, dictionary=True) if word else ()
    if not entries:
        return None
    # Of chat and château the accent decides, where it was typed; of two languages the reader's.
    first = next((entry for entry in entries if entry.title in asked.text), entries[0])
    same = [entry for entry in entries if (entry.title, entry.wiki) == (first.title, first.wiki)]
    return InstantAnswer(
        kind="definitions",
        title=asked.say(_("Definition")),
        lead=first.title,
        rows=tuple(row for entry in same for row in _senses(entry))[:_MOST_SENSES],
        source=Source(name="Wiktionary", url=first.url, licence="CC BY-SA 4.0"),
    )


def _senses(entry: Entry) -> list[tuple[str, str]]:
    """Each sense, the first with what kind of word it is."""
    return [("" if number else entry.description, sense) for number, sense in enumerate(entry.senses)]
