"""How a page of results says why a page stands there. Imports no numpy: pages need it at once."""

from collections.abc import Mapping, Sequence

from synfonium.kernel.i18n import _

_MOST_SAID = 4

WORDS: Mapping[str, str] = {
    "all_in_title": _("All your words stand in the title"),
    "in_title": _("Some of your words stand in the title"),
    "all_in_text": _("All your words stand in the text"),
    "in_text": _("Your words stand in the text, the rare ones above all"),
    "side_by_side": _("Your words stand side by side, as you typed them"),
    "near": _("Your words stand close together"),
    "early": _("Your words stand near the beginning"),
    "in_headings": _("Your words stand in a heading"),
    "in_links": _("Links to this page use your words"),
    "in_address": _("Your words stand in the address"),
    "site_asked_for": _("The site bears the name that you typed"),
    "like_the_best": _("It is much like the other best pages"),
    "form": _("The form of its address is that of pages people prefer"),
    "host_rank": _("Many sites link to this one"),
    "page_rank": _("Many pages link to this one"),
    "recent": _("It is recent"),
    "home": _("The front page of its site"),
}
"""By the reason's name, which is stable: what is said where it added to the score."""

AGAINST: Mapping[str, str] = {
    "trackers": _("It loads many trackers, which counts against it"),
    "spam": _("It looks like spam, which counts against it"),
    "adult": _("It may be for adults only, which counts against it"),
}


def words_of(reasons: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    """Up to four sentences (English gettext source) with what each added, the weightiest first;
    what counts against the page stands last."""
    for_it = sorted((-added, WORDS[name]) for name, added in reasons.items() if name in WORDS and added > 0)
    against = [(text, reasons[name]) for name, text in AGAINST.items() if reasons.get(name, 0.0) < 0]
    kept = for_it[: _MOST_SAID - min(len(against), 2)]
    return [(text, -added) for added, text in kept] + against
