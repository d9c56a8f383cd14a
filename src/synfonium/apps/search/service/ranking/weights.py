"""The learned weights: what each feature counts, in short and in long questions."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from synfonium.apps.search.service.ranking.features import feature_names
from synfonium.apps.search.service.ranking.matches import Weights

FILE = Path(__file__).with_name("weights.json")
KNOTS = (2, 5, 8, 12)
"""So many telling words have questions from short to long; between two, weights are mixed."""


class Table(msgspec.Struct, frozen=True):
    """Of each feature the weight at each of KNOTS."""

    weights: Mapping[str, tuple[float, ...]]

    def array(self) -> Weights:
        """Knots × features, in the order of `feature_names`."""
        nothing = (0.0,) * len(KNOTS)
        return np.array([self.weights.get(name, nothing) for name in feature_names()]).T


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """web: for pages with addresses; texts: for texts without. learned_from: the sets' names and
    sizes; ndcg: of each set, what five folds by question gave; seed: of the learning."""

    learned_from: Mapping[str, int]
    ndcg: Mapping[str, float]
    seed: int
    web: Table
    texts: Table

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(msgspec.to_builtins(self), indent=1, sort_keys=True) + "\n")


@cache
def shipped(is_web: bool) -> Weights:
    """The weights that come with this file, knots × features."""
    learned = msgspec.json.decode(FILE.read_bytes(), type=Learned)
    return (learned.web if is_web else learned.texts).array()


def mixture(telling_words: int) -> Weights:
    """How much of each knot's weights a question of so many words takes; together 1."""
    return np.array([np.interp(telling_words, KNOTS, row) for row in np.eye(len(KNOTS))])
