"""What is known of a page whatever is asked. No judged data has it: these weights are given, and
small enough that a page which answers better stands first."""

from collections.abc import Sequence

import numpy as np

from synfonium.apps.search.service.ranking.matches import Weights
from synfonium.ports.index import Candidate

GIVEN = {
    "host_rank": 1.0,
    "page_rank": 0.5,
    "recent": 0.3,
    "trackers": -0.6,
    "spam": -2.5,
    "adult": -0.5,
    "home": 0.1,
}
"""Each signal is from 0 to 1; the score of words spreads by about 2."""

_YEAR_S = 365.25 * 86_400
_MANY_TRACKERS = 20


def signals_of(candidates: Sequence[Candidate], now_s: float) -> Weights:
    """One row a candidate, one column a name of GIVEN. recent halves each year; unknown is 0."""
    return np.array(
        [
            (
                one.signals.host_rank,
                one.signals.page_rank,
                0.5 ** max(0.0, (now_s - one.time_s) / _YEAR_S) if one.time_s > 0 else 0.0,
                min(1.0, one.signals.trackers / _MANY_TRACKERS),
                one.signals.spam,
                one.signals.adult,
                float(one.signals.is_home),
            )
            for one in candidates
        ],
        dtype=np.float64,
    ).reshape(len(candidates), len(GIVEN))
