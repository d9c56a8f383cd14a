"""The second look puts first what a reader wants, says why, and learns the same twice."""

import asyncio
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from synfonium.apps.search.service.learn import learn_from
from synfonium.apps.search.service.ranking.features import feature_names
from synfonium.apps.search.service.ranking.reranker import PageReranker, depth_for
from synfonium.apps.search.service.ranking.weights import FILE, Learned
from synfonium.apps.search.service.ranking.wording import AGAINST, WORDS, words_of
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.kernel.i18n import Catalogue
from synfonium.ports.index import Candidate, IndexQuery, Scored, SearchIndex, Signals

NOW_S = 1_800_000_000.0
FILLER = "On the way home she bought bread, two apples and a newspaper from the day before. " * 3


def page(host: str = "a.example", path: str = "/x", **what: object) -> Candidate:
    plain: dict[str, object] = {
        "key": f"https://{host}{path}",
        "title": "A page",
        "text": FILLER,
        "headings": "",
        "anchors": "",
        "lang": "en",
        "host": host,
        "time_s": 0.0,
        "signals": Signals(),
        "score": 1.0,
    }
    return Candidate(**(plain | what))  # type: ignore[arg-type]


def look(words: str, *pages: Candidate) -> Sequence[Scored]:
    return PageReranker(40, now_s=NOW_S).order(IndexQuery(words=words), pages, lambda _word: 0.01)


def others() -> list[Candidate]:
    return [page(f"o{n}.example", f"/{n}", text=f"{FILLER} horse {n} {FILLER}") for n in range(5)]


@pytest.mark.parametrize(
    ("words", "better"),
    [
        ("horse hay", {"title": "Horse and hay", "text": f"{FILLER} horse {FILLER}"}),
        ("horse hay", {"text": f"A horse eats hay. {FILLER}"}),
        ("horse hay", {"text": f"{FILLER} horse {FILLER}", "anchors": "horse hay"}),
        ("horse", {"text": f"{FILLER} horse {FILLER}", "headings": "The horse"}),
        ("horse", {"text": f"{FILLER} horse {FILLER}", "signals": Signals(host_rank=0.9)}),
        ("horse", {"text": f"{FILLER} horse {FILLER}", "time_s": NOW_S}),
    ],
)
def test_what_answers_better_stands_first(words: str, better: dict[str, object]) -> None:
    pages = [*others(), page("o9.example", "/9", **better)]
    assert look(words, *pages)[0].number == 5


@pytest.mark.parametrize("worse", [Signals(spam=0.9), Signals(trackers=30), Signals(adult=0.9)])
def test_spam_trackers_and_adult_pages_stand_last(worse: Signals) -> None:
    pages = [page("b.example", "/7", text=f"{FILLER} horse {FILLER}", signals=worse), *others()]
    assert look("horse", *pages)[-1].number == 0


def test_the_site_asked_for_by_name_stands_first() -> None:
    about = [
        page(
            f"o{n}.example",
            f"/about/gateshead-{n}",
            title="Gateshead council",
            text=f"Gateshead council {FILLER}",
        )
        for n in range(5)
    ]
    site = page(
        "www.gatesheadcouncil.example", "/", title="Gateshead council", text=f"Gateshead council {FILLER}"
    )
    assert look("gateshead council", *about, site)[0].number == 5


@pytest.mark.parametrize("signal", ["host_rank", "page_rank"])
def test_more_links_never_make_a_page_fall(signal: str) -> None:
    places = []
    for value in (0.0, 0.3, 1.0):
        pages = [*others(), page("b.example", "/7", text="horse", signals=Signals(**{signal: value}))]
        places.append([one.number for one in look("horse", *pages)].index(5))
    assert places == sorted(places, reverse=True)


def test_nothing_typed_keeps_the_order_of_the_index_but_for_signals() -> None:
    pages = [page(path="/1", score=3.0), page(path="/2", score=2.0), page(path="/3", score=1.0)]
    assert [one.number for one in look("", *pages)] == [0, 1, 2]
    assert look("horse") == []


@pytest.mark.parametrize(
    "words", ["\u202eשלום", "😀", "l'été", "a" * 1900, "漢字 かな", "\ud800", " ".join("abcdefghij" * 9)]
)
def test_any_words_are_looked_at(words: str) -> None:
    pages = [
        page(path="/😀", title=words, text="été 漢字 😀 \U0001f600 a"),
        page(text=""),
        page(host="", path="", lang="xx"),
    ]
    found = look(words, *pages)
    assert sorted(one.number for one in found) == [0, 1, 2]
    assert all(math.isfinite(one.score) for one in found)


def test_a_long_question_looks_deeper() -> None:
    assert depth_for(IndexQuery(words="horse hay")) < depth_for(
        IndexQuery(words="what do horses eat in winter")
    )


def test_a_result_says_why_it_stands_there() -> None:
    signals = Signals(host_rank=0.9, trackers=20)
    best = page("b.example", "/7", title="Horse and hay", text=f"A horse eats hay. {FILLER}", signals=signals)
    first = look("horse hay", *others(), best)[0]
    assert first.number == 5
    said = [text for text, _added in words_of(first.reasons)]
    assert WORDS["all_in_title"] in said
    assert WORDS["host_rank"] in said
    assert said[-1] == AGAINST["trackers"]
    assert len(said) <= 5


def test_a_reason_is_never_said_of_words_that_are_not_there() -> None:
    for one in look("horse hay", *others()):
        assert not {"in_title", "all_in_title", "all_in_text", "in_links", "in_headings"} & set(one.reasons)


def test_every_reason_has_words_in_french() -> None:
    french = Catalogue("fr", [FILE.parents[2] / "locale"])
    for text in (*WORDS.values(), *AGAINST.values()):
        assert french.gettext(text) != text


def test_the_shipped_weights_know_every_feature_and_where_they_come_from() -> None:
    learned = msgspec.json.decode(FILE.read_bytes(), type=Learned)
    assert set(learned.web.weights) == set(learned.texts.weights) == set(feature_names())
    assert set(learned.ndcg) == set(learned.learned_from)
    assert min(learned.ndcg.values()) > 0.5


@contextmanager
def _temporary(folder: Path) -> Iterator[SearchIndex]:
    index = TantivyIndex(folder, writable=True)
    yield index
    index.close()


async def _no_progress(_what: str, _done: int, _of: int) -> None: ...


def test_the_same_judged_results_teach_the_same_weights_twice(tmp_path: Path) -> None:
    rows = [
        {
            "query": f"word{n} thing",
            "url": f"https://h{m}.example/{'a/' * m}",
            "title": f"word{n} thing" if m == n % 4 else "else",
            "extract": f"some word{n} and a thing {m}",
            "grade": 3 if m == n % 4 else 0,
        }
        for n in range(12)
        for m in range(4)
    ]
    path = tmp_path / "own" / "candidates.jsonl"
    path.parent.mkdir()
    path.write_text("\n".join(map(json.dumps, rows)))
    makes = iter(range(9))
    learned = [
        asyncio.run(learn_from(lambda: _temporary(tmp_path / str(next(makes))), [path], 1, _no_progress))
        for _twice in range(2)
    ]
    assert learned[0] == learned[1]
    assert learned[0].ndcg["own"] > 0.9
    assert learned[0].web.weights["title_coverage"][0] > 0.2
