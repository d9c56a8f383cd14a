"""How central the nodes of a graph are: PageRank (Brin, Page 1998) and harmonic centrality.

Harmonic centrality of a node is the sum of 1/distance from every other (Boldi, Vigna 2014). It is
counted from all nodes of up to 4096, else from 512 of them drawn by lot (Eppstein, Wang 2004).
HyperBall counts from all at once, but took ten times longer here: numpy joins its registers byte
by byte, and these sets by 64 nodes.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Words = NDArray[np.uint64]

MOST_EXACT: Final = 4096
_DAMPING = 0.85
_MOST_ROUNDS = 60
_PRECISION = 1e-7
_FURTHEST = 32
_DRAWN = 512
_LINKS_AT_ONCE = 1 << 18


def page_rank(sources: "Ints", targets: "Ints", number: int) -> "Floats":
    """The share of each of `number` nodes, summing up to 1. Link n goes from sources[n] to
    targets[n]; nodes are numbered from 0."""
    import numpy as np

    out = np.bincount(sources, minlength=number)
    share = np.full(number, 1 / max(1, number))
    for _ in range(_MOST_ROUNDS):
        given = np.bincount(targets, weights=(share / np.maximum(out, 1))[sources], minlength=number)
        lost = share[out == 0].sum()
        fresh = (1 - _DAMPING) / number + _DAMPING * (given + lost / number)
        is_settled = np.abs(fresh - share).sum() < _PRECISION
        share = fresh
        if is_settled:
            break
    return share


def harmonic_centrality(sources: "Ints", targets: "Ints", number: int) -> "Floats":
    """The sum of 1/distance to each node from all others; 0 to number - 1."""
    import numpy as np

    order = np.argsort(targets, kind="stable")
    sources, targets = sources[order], targets[order]
    seen = _begin(number)
    centrality, before = np.zeros(number), _count(seen)
    for distance in range(1, _FURTHEST + 1):
        seen = _spread(seen, sources, targets)
        after = _count(seen)
        if np.array_equal(after, before):
            break
        centrality += (after - before) / distance
        before = after
    return centrality * number / max(1, _drawn(number))


def scaled(values: "Floats") -> "Floats":
    """From 0 for the least to 1 for the greatest, by orders of magnitude."""
    import numpy as np

    if not len(values) or values.max() <= values.min():
        return np.zeros(len(values))
    above = values - values.min()
    unit = above[above > 0].min()
    unit = max(unit, above.max() / 1e6)
    found: Floats = np.log1p(above / unit) / np.log1p(above.max() / unit)
    return found


def _drawn(number: int) -> int:
    return number if number <= MOST_EXACT else _DRAWN


def _begin(number: int) -> "Words":
    """A set for each node of which drawn nodes it was reached from: itself at most."""
    import numpy as np

    drawn = _drawn(number)
    seen = np.zeros((number, -(-drawn // 64)), dtype=np.uint64)
    nodes = np.random.default_rng(2004).permutation(number)[:drawn]
    places = np.arange(drawn)
    seen[nodes, places // 64] = np.uint64(1) << (places % 64).astype(np.uint64)
    return seen


def _count(seen: "Words") -> "Ints":
    import numpy as np

    found: Ints = np.bitwise_count(seen).sum(axis=1, dtype=np.int64)
    return found


def _spread(seen: "Words", sources: "Ints", targets: "Ints") -> "Words":
    """The sets, joined with those of the nodes that link to each. targets: sorted."""
    import numpy as np

    fresh = seen.copy()
    # Some links at a time: all at once would take 64 bytes a link.
    for begin in range(0, len(sources), _LINKS_AT_ONCE):
        nodes, starts = np.unique(targets[begin : begin + _LINKS_AT_ONCE], return_index=True)
        rows = seen[sources[begin : begin + _LINKS_AT_ONCE]]
        fresh[nodes] |= np.bitwise_or.reduceat(rows, starts, axis=0)
    return fresh
