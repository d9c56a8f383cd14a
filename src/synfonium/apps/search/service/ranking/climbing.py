"""Coordinate ascent on nDCG@10 itself (Metzler & Croft 2007), one weight after another."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from synfonium.apps.search.service.ranking.matches import Weights
from synfonium.apps.search.service.ranking.weights import mixture

_STEPS = (0.15, -0.15, 0.05, -0.05)
_ROUNDS = 2
_JUDGED = 10
_LEAST_GAIN = 2e-5
_NEVER = -1e9


class Example(msgspec.Struct, frozen=True):
    """A question's candidates: standardised features, their grades, and the ideal gain (DCG@10)."""

    values: Weights
    telling_words: int
    is_web: bool
    grades: Weights
    ideal: float


class _Batch:
    """The examples of one set as arrays, filled up to one length."""

    def __init__(self, examples: Sequence[Example], table: Weights) -> None:
        longest = max(len(one.grades) for one in examples)
        shape = (len(examples), longest)
        self.values = np.zeros((table.shape[1], *shape), np.float32)
        self.grades, self.scores = np.zeros(shape, np.float32), np.full(shape, _NEVER, np.float32)
        self.mixed = np.array([mixture(one.telling_words) for one in examples], np.float32)
        self.ideal = np.array([one.ideal for one in examples], np.float32)
        for number, one in enumerate(examples):
            size = len(one.grades)
            self.values[:, number, :size] = one.values.T
            self.grades[number, :size] = one.grades
            self.scores[number, :size] = one.values @ (self.mixed[number] @ table)
        self.gain = self.of(self.scores)

    def moved(self, knot: int, feature: int, step: float) -> NDArray[np.float32]:
        """All scores, if this weight were greater by `step`."""
        result: NDArray[np.float32] = self.scores + step * self.mixed[:, knot, None] * self.values[feature]
        return result

    def of(self, scores: NDArray[np.float32]) -> float:
        """The mean nDCG@10 of these scores."""
        best = np.argsort(-scores, axis=1, kind="stable")[:, :_JUDGED]
        gains = np.take_along_axis(self.grades, best, 1) / np.log2(np.arange(best.shape[1]) + 2)
        return float((gains.sum(1) / self.ideal).mean())


def climbed(table: Weights, sets: Mapping[str, Sequence[Example]], floors: Weights) -> Weights:
    """`table` with each weight moved as long as the mean nDCG of the sets rises; floors: of each feature."""
    useful = [[one for one in its if one.ideal and len(one.grades) > 1] for its in sets.values()]
    batches = [_Batch(its, table) for its in useful if its]
    table = table.copy()
    spread = [feature for feature in range(table.shape[1]) if any(b.values[feature].any() for b in batches)]
    for _round in range(_ROUNDS):
        for knot in range(len(table)):
            for feature in spread:
                for step in _STEPS:
                    if table[knot, feature] + step >= floors[feature]:
                        _try(table, batches, knot, feature, step)
    return table


def _try(table: Weights, batches: Sequence[_Batch], knot: int, feature: int, step: float) -> None:
    scores = [batch.moved(knot, feature, step) for batch in batches]
    gains = [batch.of(its) for batch, its in zip(batches, scores, strict=True)]
    if sum(gains) > sum(batch.gain for batch in batches) + _LEAST_GAIN * len(batches):
        table[knot, feature] += step
        for batch, its, gain in zip(batches, scores, gains, strict=True):
            batch.scores, batch.gain = its, gain
