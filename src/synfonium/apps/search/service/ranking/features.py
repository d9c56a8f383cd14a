"""All that the second look sees of the candidates of one question."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from synfonium.apps.search.service.ranking import address_features
from synfonium.apps.search.service.ranking.matches import Terms, Weights
from synfonium.apps.search.service.ranking.reading import Reading
from synfonium.apps.search.service.ranking.text_features import TextFeatures
from synfonium.libraries.chains import family_of
from synfonium.ports.index import Candidate, IndexQuery, Signals

_SMALL = 1e-9


class Seen:
    """values: candidates × features, in the order of `feature_names`; telling_words: how many
    words of the question are no stop words; is_web: some candidate has a host."""

    def __init__(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: Callable[[str], float]
    ) -> None:
        terms = Terms(asked, _family(candidates), document_share)
        self.is_web = any(one.host for one in candidates)
        self.telling_words = int((~terms.is_blank).sum())
        self.has_title = np.array([bool(one.title) for one in candidates], bool)
        if not terms.count or not candidates:
            self.values = np.zeros((len(candidates), len(feature_names())))
            return
        reading = Reading([_texts(one) for one in candidates])
        scores = np.array([one.score for one in candidates], np.float64)
        found = TextFeatures(reading, terms, scores).all()
        found |= address_features.address_features(candidates, reading, terms)
        self.values = np.stack(list(found.values()), 1)

    def standardised(self) -> Weights:
        """Each feature relative to the other candidates: mean 0, deviation 1; 0 where all are alike.

        What counts is in what a page differs from the others; so features of any scale add up. A
        page without a title is neither better nor worse for it: its title is not known.
        """
        result = _standardised(self.values)
        if len(result) and self.has_title.any() and not self.has_title.all():
            of_titles = [number for number, name in enumerate(feature_names()) if "title" in name]
            result[:, of_titles] = 0.0
            titled = np.ix_(self.has_title, np.array(of_titles))
            result[titled] = _standardised(self.values[titled])
        return result


def _standardised(values: Weights) -> Weights:
    if not len(values):
        return values
    deviation = values.std(0)
    same = deviation < _SMALL
    result: Weights = np.where(same, 0.0, (values - values.mean(0)) / np.where(same, 1, deviation))
    return result


@cache
def feature_names() -> tuple[str, ...]:
    nothing = Candidate(
        key="",
        title="",
        text="",
        headings="",
        anchors="",
        lang="",
        host="",
        time_s=0,
        score=0,
        signals=Signals(),
    )
    terms = Terms(IndexQuery(words="a"), "xx", lambda _word: 0.5)
    text = TextFeatures(Reading([_texts(nothing)]), terms, np.zeros(1)).all()
    return (*text, *address_features.NAMES)


def _texts(one: Candidate) -> tuple[str, ...]:
    place = one.key.partition("://")[2] if one.host else ""
    return (one.title, one.headings, one.anchors, place, one.text)


def _family(candidates: Sequence[Candidate]) -> str:
    families = [family_of(one.lang) for one in candidates]
    return max(set(families), key=families.count) if families else "xx"
