"""How good are the answers, beside those of plain BM25, and what does the second look cost?

    .venv/bin/python benchmarks/how_good_is_the_ranking.py FOLDER [--without cranfield …]

FOLDER holds cranfield, fquad-a and mwmbl-ltr-a (see `synfonium search evaluate` and `rank`). Each
set is asked twice through the product's own query path, with the second look and without it; the
latter is tantivy's BM25 with our chains. Beside them stands what five folds by question gave when
the shipped weights were learned: the honest figure for questions that they have not seen. The cost
of a second look is the least of many, over made-up pages. Goals: .57, .86, .68; 1.5 ms.
Writes benchmarks/results/ranking.json.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from answers import keep

from synfonium.apps.search.service import measure
from synfonium.apps.search.service.ranking.reranker import PageReranker, depth_for
from synfonium.apps.search.service.ranking.weights import FILE, Learned
from synfonium.apps.search.service.search import SecondLook, learned_look
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import Candidate, IndexQuery, SearchIndex, Signals

GOALS = {"cranfield": 0.57, "fquad-a": 0.86, "mwmbl-ltr-a": 0.68}
QUESTIONS = ("horse hay", "what do wild horses eat in a hard winter")
TEXT = "the horse eats hay in winter and in summer it looks for grass near the river of the old town "
ROUNDS, TEXT_CHARACTERS = 200, 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", nargs="*", default=[])
    args = parser.parse_args()
    learned = msgspec.json.decode(FILE.read_bytes(), type=Learned)
    sets = {}
    for name in (name for name in GOALS if name not in args.without):
        alone, ours = (ndcg(args.folder / name, look) for look in (lambda _asked: None, learned_look))
        sets[name] = {"bm25": alone, "ranking": ours, "five_folds": learned.ndcg[name], "goal": GOALS[name]}
    keep("ranking", {"ndcg@10": sets, "second_look_ms": {words: cost_ms(words) for words in QUESTIONS}})


def ndcg(path: Path, look: SecondLook) -> float:
    if (path / "qrels.tsv").exists():
        return asyncio.run(measure.evaluate(temporary, path, no_progress, look))["ndcg@10"]
    return asyncio.run(measure.rank(temporary, path / "candidates.jsonl", no_progress, look))["ndcg@10"]


def cost_ms(words: str) -> float:
    asked = IndexQuery(words=words)
    depth = depth_for(asked)
    pages = [
        Candidate(
            key=f"https://h{number}.example/some/page-{number}",
            title=f"Page {number} of horses",
            text=(TEXT[number % 50 :] + TEXT * 20)[:TEXT_CHARACTERS],
            headings="",
            anchors="",
            lang="en",
            host=f"h{number}.example",
            time_s=1.7e9,
            signals=Signals(),
            score=float(depth - number),
        )
        for number in range(depth)
    ]
    look, times_ms = PageReranker(depth), []
    for _round in range(ROUNDS):
        begun_s = time.perf_counter()
        look.order(asked, pages, lambda _word: 0.01)
        times_ms.append((time.perf_counter() - begun_s) * 1000)
    return round(min(times_ms), 2)


@contextmanager
def temporary() -> Iterator[SearchIndex]:
    with tempfile.TemporaryDirectory() as folder:
        index = TantivyIndex(Path(folder), writable=True)
        yield index
        index.close()


async def no_progress(_what: str, _done: int, _of: int) -> None: ...


if __name__ == "__main__":
    main()
