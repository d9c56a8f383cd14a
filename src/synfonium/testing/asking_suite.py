"""What every engine of `ports.index` must show when it is asked more than words."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synfonium.ports.index import Candidate, IndexDocument, IndexQuery, Scored, SearchIndex, Signals
from synfonium.testing.index_suite import keys, words

ORCHARD = (
    IndexDocument(
        key="https://example.org/1", title="a", text="Cake with plum.", lang="en", host="example.org",
        time_s=100.0, signals=Signals(host_rank=0.5),
    ),
    IndexDocument(
        key="https://www.example.org/2", title="b", text="Plum cake, stone.", lang="en",
        host="www.example.org", time_s=200.0, kind="image", anchors="the anchorage",
        signals=Signals(host_rank=0.5, page_rank=0.25, trackers=3, is_home=True), shown={"image": "/b.png"},
    ),
    IndexDocument(
        key="https://c.example/3", title="c", text="Plum.", lang="fr", host="c.example", time_s=300.0,
        kind="news", headings="headland", signals=Signals(host_rank=0.25, adult=0.5),
    ),
    IndexDocument(
        key="https://d.example/4", title="d: to be or not to be", text="Plum.", lang="en", host="d.example",
        time_s=300.5, kind="document", file_type="pdf", signals=Signals(adult=0.9),
    ),
)  # fmt: skip


class Backwards:
    """A second look that turns the order round, and keeps what it was shown."""

    def __init__(self, depth: int, seen: list[object]) -> None:
        self.depth, self._seen = depth, seen

    def order(
        self, asked: IndexQuery, candidates: Sequence[Candidate], document_share: Callable[[str], float]
    ) -> Sequence[Scored]:
        self._seen += [*candidates, *map(document_share, ("apples", "missing", "the"))]
        return [
            Scored(number=number, score=float(number), reasons={"backwards": float(number)})
            for number in reversed(range(len(candidates)))
        ]


def _apples(number: int, count: int) -> IndexDocument:
    return IndexDocument(key=f"k{number}", title="", text="apple " * count, lang="en")


class AskingSuite(ABC):
    """Operators, a second look, and pages on which no host crowds out the others."""

    @abstractmethod
    def make(self, folder: Path, *, writable: bool) -> SearchIndex: ...

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            (IndexQuery(words="plum", hosts=("example.org",)), "ab"),
            (IndexQuery(words="plum", hosts=("WWW.example.org",)), "b"),
            (IndexQuery(words="plum", hosts=("ample.org",)), ""),
            (IndexQuery(words="plum", not_hosts=("example.org",)), "cd"),
            (IndexQuery(words="plum", hosts=("example.org", "d.example")), "abd"),
            (IndexQuery(words="plum", since_s=200.0), "bcd"),
            (IndexQuery(words="plum", until_s=200.0), "a"),
            (IndexQuery(words="plum", since_s=200.0, until_s=300.25), "bc"),
            (IndexQuery(words="plum", since_s=300.0, until_s=200.0), ""),
            (IndexQuery(words="plum", kinds=("news", "document")), "cd"),
            (IndexQuery(words="plum", file_types=("PDF",)), "d"),
            (IndexQuery(words="plum", lang="fr"), "c"),
            (IndexQuery(words="plum", most_adult=0.5), "abc"),
            (IndexQuery(words="plum", most_adult=0.0), "ab"),
            (IndexQuery(words="plum", without=("cake",)), "cd"),
            (IndexQuery(words="plum", without=("cake with plum",)), "bcd"),
            (IndexQuery(words="plum", without=("plum",)), ""),
            (IndexQuery(phrases=("cake with plum",)), "a"),
            (IndexQuery(phrases=("Cakes with plums",)), "a"),
            (IndexQuery(phrases=("plum cake",)), "b"),
            (IndexQuery(phrases=("cake plum",)), ""),
            (IndexQuery(words="stone", phrases=("plum cake",)), "b"),
            (IndexQuery(words="stone missing", phrases=("plum cake",)), "b"),
            (IndexQuery(phrases=("to be or not to be",)), "d"),
            (IndexQuery(words="anchorage"), "b"),
            (IndexQuery(words="headland"), "c"),
            (IndexQuery(words="nothing", hosts=("example.org",)), ""),
            (IndexQuery(without=("plum",)), ""),
            (IndexQuery(lang="fr"), ""),
            (IndexQuery(hosts=("example.org",)), "ab"),
            (IndexQuery(hosts=("example.org",), words=' "" - '), "ab"),
            (IndexQuery(since_s=0.0), "abcd"),
        ],
    )
    def test_operators_narrow_what_is_found(self, tmp_path: Path, asked: IndexQuery, found: str) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(ORCHARD)
        index.commit()
        answer = index.search(asked)
        assert sorted(hit.title[0] for hit in answer.hits) == list(found)
        assert answer.total == len(found)

    @pytest.mark.parametrize("typed", ["plum harvest", "plum harvest calendar"])
    def test_words_are_found_some_in_the_title_and_some_in_the_text(self, tmp_path: Path, typed: str) -> None:
        index = self.make(tmp_path, writable=True)
        best = IndexDocument(key="best", title="Plum calendar", text="When to begin the harvest.", lang="en")
        others = [
            IndexDocument(
                key=f"o{n}", title="", text="plum harvest calendar " + "and more of it " * 9, lang="en"
            )
            for n in range(20)
        ]
        index.add([*others, best])
        index.commit()
        assert index.search(words(typed)).total == 21

    def test_a_list_shows_the_most_central_first_and_of_news_the_newest(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(ORCHARD)
        index.commit()
        listed = index.search(IndexQuery(hosts=("org", "example")))
        assert [hit.title[0] for hit in listed.hits] == ["b", "a", "c", "d"]
        newest = index.search(IndexQuery(since_s=1.0))
        assert [hit.title[0] for hit in newest.hits] == ["d", "c", "b", "a"]

    def test_a_hit_says_all_that_was_known_of_the_document(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(ORCHARD)
        index.commit()
        (hit,) = index.search(IndexQuery(phrases=("plum cake",))).hits
        assert (hit.kind, hit.shown, hit.time_s) == ("image", {"image": "/b.png"}, 200.0)
        assert hit.signals == Signals(host_rank=0.5, page_rank=0.25, trackers=3, is_home=True)
        assert hit.reasons == {}

    def test_a_second_look_decides_the_order_of_the_best(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [IndexDocument(key=f"k{i}", title="", text="apple " * (9 - i), lang="en") for i in range(6)]
        )
        index.add([IndexDocument(key="other", title="", text="pear", lang="en")])
        index.commit()
        plain = keys(index.search(words("apple")))
        seen: list[object] = []
        second = keys(index.search(words("apple"), reranker=Backwards(4, seen)))
        assert second == [*reversed(plain[:4]), *plain[4:]]
        assert [one.key for one in seen if isinstance(one, Candidate)] == plain[:4]
        shares = [one for one in seen if isinstance(one, float)]
        assert shares == [pytest.approx(6 / 7), 0.0, 1.0]

    def test_a_second_look_holds_for_every_page_and_says_why(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [IndexDocument(key=f"k{i}", title="", text="apple " * (9 - i), lang="en") for i in range(6)]
        )
        index.commit()
        whole = index.search(words("apple"), reranker=Backwards(4, []))
        pages = [
            index.search(words("apple"), limit=2, offset=offset, reranker=Backwards(4, []))
            for offset in (0, 2, 4, 6)
        ]
        assert [hit for page in pages for hit in page.hits] == list(whole.hits)
        assert [page.has_more for page in pages] == [True, True, False, False]
        assert whole.hits[0].reasons == {"backwards": 3.0}

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        hosts=st.lists(st.sampled_from("abcd"), max_size=40),
        limit=st.integers(1, 12),
        most=st.integers(0, 3),
        depth=st.integers(0, 12),
    )
    def test_pages_lose_and_repeat_nothing_whatever_the_hosts(
        self, tmp_path: Path, hosts: list[str], limit: int, most: int, depth: int
    ) -> None:
        index = self.make(tmp_path / uuid4().hex, writable=True)
        index.add(
            [IndexDocument(key=f"{n}", title="", text="apple", host=host) for n, host in enumerate(hosts)]
        )
        index.commit()
        reranker = Backwards(depth, []) if depth else None
        seen: list[str] = []
        for offset in range(0, limit * (len(hosts) + 2), limit):
            page = index.search(
                words("apple"), limit=limit, offset=offset, most_per_host=most, reranker=reranker
            )
            counts = Counter(hit.host for hit in page.hits)
            assert not most or not counts or max(counts.values()) <= most
            seen += keys(page)
            assert page.has_more == (len(seen) < len(hosts))
        assert sorted(seen) == sorted(map(str, range(len(hosts))))
        index.close()

    @pytest.mark.parametrize(
        "asked",
        [
            IndexQuery(words="x" * 100_000, phrases=('"' * 1000,) * 1000, without=("\x00\ud800",) * 1000),
            IndexQuery(words=" ".join(f"w{n}" for n in range(100_000))),
            IndexQuery(words="plum", without=tuple(f"w{n} w{n + 1}" for n in range(100_000))),
            IndexQuery(words="plum", hosts=("", ".", "..", "\ud800", "x" * 100_000, "-._~", "‮org")),
            IndexQuery(words="plum", not_hosts=tuple(f"h{n}" for n in range(100_000))),
            IndexQuery(words="plum", lang="\ud800", kinds=("\x00",), file_types=("🐎" * 1000,)),
            IndexQuery(words="plum", since_s=float("nan"), until_s=float("inf")),
            IndexQuery(words="plum", since_s=-1e300, until_s=1e300, most_adult=float("nan")),
            IndexQuery(words="plum", most_adult=-5.0),
            IndexQuery(phrases=("the", "of the", "", " ", "🐎 🐎", "a" * 100_000)),
            IndexQuery(phrases=(" ".join(f"w{n}" for n in range(100_000)),)),
        ],
    )
    def test_any_question_gets_an_answer_in_time(self, tmp_path: Path, asked: IndexQuery) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(ORCHARD)
        index.commit()
        started = time.monotonic()
        answer = index.search(asked, most_per_host=2, reranker=Backwards(10, []))
        assert time.monotonic() - started < 2
        assert answer.total >= len(answer.hits)

    def test_a_host_fills_no_page_and_loses_nothing(self, tmp_path: Path) -> None:
        index = self.make(tmp_path, writable=True)
        index.add(
            [
                IndexDocument(key=f"{host}{i}", title="", text="apple " * length, host=host)
                for host, count, length in (("a", 7, 9), ("b", 3, 5), ("c", 1, 1))
                for i in range(count)
            ]
        )
        index.commit()
        pages = [
            index.search(words("apple"), limit=4, offset=offset, most_per_host=2)
            for offset in range(0, 24, 4)
        ]
        hosts = [[hit.host for hit in page.hits] for page in pages]
        assert hosts == [["a", "a", "b", "b"], ["a", "a", "b", "c"], ["a", "a"], ["a"], [], []]
        assert len({hit.key for page in pages for hit in page.hits}) == 11
        assert [page.has_more for page in pages] == [True, True, True, False, False, False]
        assert {page.total for page in pages} == {11}
