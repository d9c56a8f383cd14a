"""The second look, as the index asks for it (ports.index.Reranker)."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from synfonium.apps.search.service.ranking.features import Seen
from synfonium.apps.search.service.ranking.matches import Weights
from synfonium.apps.search.service.ranking.reasons import reasons_of
from synfonium.apps.search.service.ranking.signals import GIVEN, signals_of
from synfonium.apps.search.service.ranking.weights import mixture, shipped
from synfonium.ports.index import Candidate, IndexQuery, Scored

_SHORT_DEPTH, _LONG_DEPTH = 40, 100
_SHORT_WORDS = 4


def depth_for(asked: IndexQuery) -> int:
    """How many candidates are worth a second look: for a long question, whose words are many and
    whose best page stands deeper (fquad nDCG@10 rises up to 100), more than for a short one."""
    words = len(asked.words.split()) + sum(len(phrase.split()) for phrase in asked.phrases)
    return _SHORT_DEPTH if words <= _SHORT_WORDS else _LONG_DEPTH


class PageReranker:
    """Orders by the learned weights and the given signals. weights: knots × features."""

    def __init__(self, depth: int, weights: Weights | None = None, now_s: float | None = None) -> None:
        self.depth = depth
        self._weights = weights
        self._now_s = time.time() if now_s is None else now_s

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: Callable[[str], float]
    ) -> Sequence[Scored]:
        seen = Seen(asked, candidates, document_share)
        table = shipped(seen.is_web) if self._weights is None else self._weights
        weights = mixture(seen.telling_words) @ table
        of_words = seen.standardised() * weights
        signals = signals_of(candidates, self._now_s)
        of_signals = signals * np.array(list(GIVEN.values()))
        scores = of_words.sum(1) + of_signals.sum(1)
        if not seen.telling_words:
            scores += _index_order(candidates)
        order = np.argsort(-scores, kind="stable")
        reasons = reasons_of(seen.values, of_words, of_signals)
        return [
            Scored(number=int(number), score=float(scores[number]), reasons=reasons[number])
            for number in order
        ]


def _index_order(candidates: Sequence[Candidate]) -> Weights:
    """Where nothing was typed, the index's own score, between 0 and 1."""
    own = np.array([one.score for one in candidates], np.float64)
    spread = float(np.ptp(own)) if len(own) else 0.0
    return (own - own.min()) / spread if spread else own * 0
