"""Why a result stands where it stands, in words: what the person wished, and what the ranking says."""

from collections.abc import Mapping

from synfonium.apps.search.service.ranking.wording import words_of
from synfonium.kernel.i18n import _

WISHES = {
    "pin": _("You have pinned this site"),
    "raise": _("You have raised this site"),
    "lower": _("You have lowered this site"),
    "region": _("It is a site of the country that you prefer"),
}
"""By the name under which service/ordering.py notes what it added."""
_MOST = 6


def why(reasons: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Sentences (English gettext source), the weightiest first, each with its share of the
    weightiest, from 0 to 1."""
    said = [(text, abs(reasons[name])) for name, text in WISHES.items() if reasons.get(name)]
    said += [(text, abs(added)) for text, added in words_of(reasons)]
    most = max((weight for _text, weight in said), default=1.0) or 1.0
    ordered = sorted(said, key=lambda one: -one[1])[:_MOST]
    return tuple((text, round(weight / most, 2)) for text, weight in ordered)
