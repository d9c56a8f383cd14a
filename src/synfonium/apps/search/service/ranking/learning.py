"""Learning the weights from judged results: a linear LambdaRank (Burges 2010), in numpy.

Linear, because each part of a score can then be told to a reader, and no page profits from a
corner of the learned space that nobody looked at. Texts without addresses have weights of their
own, which climb on nDCG itself at last. Trees gained on web results, most of it by features of form
that may tell apart the engines which the judged results came from.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from synfonium.apps.search.service.ranking import address_features
from synfonium.apps.search.service.ranking.climbing import Example, climbed
from synfonium.apps.search.service.ranking.features import Seen, feature_names
from synfonium.apps.search.service.ranking.matches import Weights
from synfonium.apps.search.service.ranking.weights import KNOTS, Learned, Table, mixture
from synfonium.kernel.calls import Progress
from synfonium.ports.index import Candidate, IndexQuery, Scored

DEPTH = 100
FOLDS = 5
_STEPS, _BATCH, _RATE, _SHRINK = 240, 48, 0.03, 2e-3
_COUNTED, _JUDGED = 20, 10

_FREE = ("bm25", "bm25_long", "bm25_flat", "feedback", *address_features.NAMES)
FLOORS = {name: 0.0 for name in feature_names() if name not in _FREE} | {
    "title_coverage": 0.3,
    "title_pairs": 0.1,
    "title_is_question": 0.2,
    "question_in_title": 0.1,
    "title_begins_so": 0.05,
    "headings_coverage": 0.15,
    "anchors_coverage": 0.3,
    "place_coverage": 0.05,
    "any_coverage": 0.1,
    "host_is_question": 0.05,
    "front_page_asked_for": 0.15,
}
"""What a feature counts at least: more of the question's words never counts against a page. No
judged set has headings or anchors, and in one most of the good results have lost their titles."""


class Recorder:
    """A Reranker that leaves the order alone and remembers what it saw of the last question."""

    depth = DEPTH

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.values, self.telling_words, self.is_web = np.zeros((0, len(feature_names()))), 0, False
        self.keys: list[str] = []

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: Callable[[str], float]
    ) -> Sequence[Scored]:
        seen = Seen(asked, candidates, document_share)
        self.values, self.telling_words = seen.standardised(), seen.telling_words
        self.is_web = seen.is_web
        self.keys = [one.key for one in candidates]
        return [Scored(number=n, score=one.score) for n, one in enumerate(candidates)]


Sets = Mapping[str, Sequence[Example]]
"""Examples by the name of their set."""


async def learn(sets: Sets, seed: int, progress: Progress) -> Learned:
    """Weights from all of `sets`, which count alike; and what five folds by question give."""
    folds = {name: np.random.default_rng(seed).permutation(len(sets[name])) % FOLDS for name in sets}
    found = {name: np.zeros(len(examples)) for name, examples in sets.items()}
    for fold in range(FOLDS):
        kept = {
            name: [one for one, its in zip(sets[name], folds[name], strict=True) if its != fold]
            for name in sets
        }
        tables = await asyncio.to_thread(_tables, kept, seed)
        for name, examples in sets.items():
            for number in np.flatnonzero(folds[name] == fold).tolist():
                found[name][number] = ndcg(examples[number], tables[examples[number].is_web])
        await progress(f"fold {fold + 1} of {FOLDS} learned", fold + 1, FOLDS + 1)
    tables = await asyncio.to_thread(_tables, sets, seed)
    return Learned(
        learned_from={name: len(examples) for name, examples in sets.items()},
        ndcg={name: round(float(values.mean()), 4) for name, values in found.items()},
        seed=seed,
        web=_as_table(tables[True]),
        texts=_as_table(tables[False]),
    )


def _as_table(table: Weights) -> Table:
    rounded = np.round(table, 3) + 0.0
    return Table({n: tuple(c) for n, c in zip(feature_names(), rounded.T.tolist(), strict=True)})


def _tables(sets: Sets, seed: int) -> dict[bool, Weights]:
    """Weights for the web, from all sets, and for texts without addresses, from those alone."""
    texts = {name: its for name, its in sets.items() if not any(one.is_web for one in its)}
    web = _fit(sets, seed)
    return {True: web, False: climbed(_fit(texts, seed), texts, _floors()) if texts else web}


def ndcg(example: Example, table: Weights) -> float:
    """nDCG@10 of the order that `table` gives."""
    scores = example.values @ (mixture(example.telling_words) @ table)
    gains = example.grades[np.argsort(-scores, kind="stable")[:_JUDGED]]
    return float((gains * _discounts(len(gains))).sum() / example.ideal) if example.ideal else 0.0


def ideal_gain(grades: Sequence[float]) -> float:
    best = np.sort(np.array(grades, np.float64))[::-1][:_JUDGED]
    return float((best * _discounts(len(best))).sum())


def _discounts(count: int) -> Weights:
    result: Weights = 1 / np.log2(np.arange(count) + 2)
    return result


def _fit(sets: Sets, seed: int) -> Weights:
    """Adam (Kingma & Ba 2015) over batches drawn alike from every set."""
    rng = np.random.default_rng(seed)
    useful = [[one for one in examples if one.ideal and len(one.grades) > 1] for examples in sets.values()]
    names = feature_names()
    table = np.zeros((len(KNOTS), len(names)))
    table[:, names.index("score")] = 0.5
    floors = _floors()
    first, second = np.zeros_like(table), np.zeros_like(table)
    for step in range(1, _STEPS + 1):
        gradient = -_SHRINK * table
        for examples in filter(None, useful):
            drawn = rng.choice(len(examples), min(_BATCH, len(examples)), replace=False)
            gradient += sum(_slope(examples[n], table) for n in drawn) / len(drawn)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        pace = _RATE * min(1.0, 2 * (1 - step / (_STEPS + 1)))
        table = table + pace * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        table = np.maximum(table, floors)
    return table


def _floors() -> Weights:
    return np.array([FLOORS.get(name, -np.inf) for name in feature_names()])


def _slope(example: Example, table: Weights) -> Weights:
    """Which way the table improves this question's nDCG, by LambdaRank's pairs."""
    mixed = mixture(example.telling_words)
    scores = example.values @ (mixed @ table)
    order = np.argsort(-scores, kind="stable")
    grades, scores = example.grades[order], scores[order]
    discounts = np.zeros(len(order))
    discounts[:_COUNTED] = _discounts(len(order[:_COUNTED]))
    better = np.flatnonzero(grades > 0)
    gain = (grades[better, None] - grades).clip(0) * np.abs(discounts[better, None] - discounts)
    push = gain / example.ideal / (1 + np.exp((scores[better, None] - scores).clip(-30, 30)))
    forces = -push.sum(0)
    forces[better] += push.sum(1)
    slope: Weights = np.outer(mixed, forces @ example.values[order])
    return slope
