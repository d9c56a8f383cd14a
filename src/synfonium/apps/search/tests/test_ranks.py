"""Ranks are those of the textbook, on small graphs exactly and on large ones nearly and soon."""

import time

import numpy as np
import pytest

from synfonium.apps.search.service import ranks
from synfonium.apps.search.service.graph import rank_hosts, rank_pages


def links(text: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array([(ord(pair[0]) - 97, ord(pair[1]) - 97) for pair in text.split()], dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


def test_page_rank_is_that_of_the_textbook() -> None:
    # Of a chain a > b with b dangling: b = 0.15/2 + 0.85 (a + b/2), a = 0.15/2 + 0.85 b/2.
    found = ranks.page_rank(*links("ab"), 2)
    assert found.sum() == pytest.approx(1)
    assert found[0] == pytest.approx(0.5 / 1.425, abs=1e-6)


def test_harmonic_centrality_sums_the_inverse_distances() -> None:
    # d is reached from c at 1, from b at 2, from a at 3; e stands alone.
    assert ranks.harmonic_centrality(*links("ab bc cd"), 5).tolist() == pytest.approx(
        [0, 1, 1.5, 1 + 1 / 2 + 1 / 3, 0]
    )
    assert ranks.harmonic_centrality(*links("ab ba"), 2).tolist() == [1, 1]


def test_large_graphs_are_ranked_nearly_as_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    sources, targets = generator.integers(0, 2000, 9000), generator.integers(0, 2000, 9000) ** 2 // 2000
    exact = ranks.harmonic_centrality(sources, targets, 2000)
    monkeypatch.setattr(ranks, "MOST_EXACT", 0)
    near = ranks.harmonic_centrality(sources, targets, 2000)
    assert np.corrcoef(exact, near)[0, 1] > 0.98


def test_a_million_links_take_seconds() -> None:
    generator = np.random.default_rng(2)
    sources = generator.integers(0, 50_000, 1_000_000)
    targets = (50_000 * generator.random(1_000_000) ** 3).astype(np.int64)
    begun_s = time.process_time()
    ranks.page_rank(sources, targets, 50_000)
    ranks.harmonic_centrality(sources, targets, 50_000)
    assert time.process_time() - begun_s < 30


@pytest.mark.parametrize("rank", [rank_hosts, rank_pages])
def test_a_graph_without_links_has_no_ranks(rank: object) -> None:
    assert callable(rank)
    assert rank([]) == {}


def test_hosts_that_many_link_to_come_first() -> None:
    found = rank_hosts([(f"h{n}", "hub") for n in range(20)] + [("hub", "h1"), ("h2", "h3")])
    assert max(found, key=found.__getitem__) == "hub"
    assert found["hub"] == 1
    assert 0 <= found["h5"] < found["h1"] < 1
