"""French public holidays: `jours fériés 2027`."""

import re
from datetime import date

from synfonium.apps.search.service.answers.asked import Asked, InstantAnswer, Source
from synfonium.apps.search.service.answers.days import FIRST_YEAR, LAST_YEAR, french_holidays, in_words
from synfonium.kernel.i18n import _

GATE = re.compile(r"feries?\b|\bholidays?\b")
_YEAR = re.compile(
    r"(?:(?:liste des |les )?jours? feries?|(?:french )?(?:public|bank) holidays?)(?: en| in)?(?: "
    r"france)?(?: de| in| en)?(?: (\d{4}))?(?: france| in france)?"
)
_NEXT = re.compile(
    r"(?:(?:quel est le )?prochain jour ferie|next (?:french )?(?:public|bank) holiday)(?: in france| "
    r"en france)? ?\??"
)
_LAW = Source(
    name="Code du travail, L3133-1",
    url="https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000033008129",
)
_LOCAL = _("Metropolitan France. Alsace and Moselle add Good Friday and 26 December.")


async def answer(asked: Asked) -> InstantAnswer | None:
    """In English only where France is named: other countries have other days."""
    if asked.locale != "fr" and not re.search(r"france|french|feries?", asked.folded):
        return None
    today = asked.now.date()
    if _NEXT.fullmatch(asked.folded):
        return _next(asked, today)
    match = _YEAR.fullmatch(asked.folded)
    year = int(match[1] or today.year) if match else 0
    return _of_year(asked, year) if FIRST_YEAR <= year <= LAST_YEAR and year >= 1947 else None


def _next(asked: Asked, today: date) -> InstantAnswer:
    coming = [*french_holidays(today.year), *french_holidays(today.year + 1)]
    day, name = next(found for found in coming if found[0] >= today)
    return InstantAnswer(
        kind="holidays",
        title=asked.say(name),
        lead=_capital(in_words(day, asked.locale)),
        note=asked.say(_LOCAL),
        source=_LAW,
    )


def _of_year(asked: Asked, year: int) -> InstantAnswer:
    days = french_holidays(year)
    return InstantAnswer(
        kind="holidays",
        title=asked.say(_("Public holidays in France")),
        lead=str(year),
        rows=tuple((asked.say(name), in_words(day, asked.locale)) for day, name in days),
        note=asked.say(_LOCAL),
        source=_LAW,
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
