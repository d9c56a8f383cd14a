"""Definitions from an imported dictionary: `définition de chat`, `define cat`."""

import re

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer, Source, folded
from synfonium.kernel.i18n import _

GATE = re.compile(
    r"^(?:definition|define|definir|signification|sens d|meaning|que (?:veut|signifie)|what does)"
    r"|\b(?:definition|meaning|mean)\??$"
)
_ASK = re.compile(
    r"(?:d[eé]finition|d[eé]finir|signification|sens|define|meaning)(?: (?:de|du|of|le mot|the "
    r"word))*(?: | d['’])(?:la |le |l['’]|the )?(?P<a>.{1,80}?)"
    r"|(?P<b>.{1,80}?) (?:d[eé]finition|definition|meaning)"
    r"|(?:que (?:veut dire|signifie)|what does) (?:le mot )?(?P<c>.{1,80}?)(?: mean)?",
    re.IGNORECASE,
)
_MOST_SENSES = 4


async def answer(asked: Asked) -> InstantAnswer | None:
    match = _ASK.fullmatch(asked.text.strip(" ?\u00a0"))
    word = folded(next((group for group in match.groups() if group), "")) if match else ""
    word = word.strip("\"'«» ")
    if not word:
        return None
    entries = await asked.sources.entries(word, asked.locale, dictionary=True)
    if not entries:
        return None
    entry = entries[0]
    rows = tuple((str(number), sense) for number, sense in enumerate(entry.senses[:_MOST_SENSES], 1))
    return InstantAnswer(
        kind="definitions",
        title=asked.say(_("Definition")),
        lead=entry.title,
        rows=rows,
        note=entry.description,
        source=Source(name="Wiktionary", url=entry.url, licence="CC BY-SA 4.0"),
    )
