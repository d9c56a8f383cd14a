"""How good the search is on judged questions, asked through the product's own query path."""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import msgspec

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import host_of
from synfonium.apps.search.service.imports import document_of, read_lines
from synfonium.apps.search.service.query_syntax import LONGEST_QUERY
from synfonium.apps.search.service.search import SecondLook, WebSearch, learned_look, question
from synfonium.kernel.calls import Progress
from synfonium.ports.index import IndexDocument, SearchIndex

TemporaryIndex = Callable[[], AbstractContextManager[SearchIndex]]
Judgements = Mapping[str, Mapping[str, float]]
T = TypeVar("T")
_DEPTH = 100


class JudgedQuery(msgspec.Struct, frozen=True):
    id: str | int
    text: str


class Candidate(msgspec.Struct, frozen=True):
    """A result of some search engine, and how good people found it."""

    query: str
    url: str
    title: str | None = ""
    extract: str | None = ""
    grade: float = 0.0


def ndcg(ranked: Sequence[str], grades: Mapping[str, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gain (Järvelin & Kekäläinen 2002),
    as trec_eval computes it. 0 where nothing is relevant."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:depth])
    return _gain([grades.get(key, 0.0) for key in ranked[:depth]]) / ideal if ideal else 0.0


def _gain(grades: Sequence[float]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades))


def recall(ranked: Sequence[str], grades: Mapping[str, float], depth: int) -> float:
    relevant = {key for key, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, float], depth: int = 10) -> float:
    return next((1 / (n + 1) for n, key in enumerate(ranked[:depth]) if grades.get(key, 0) > 0), 0.0)


async def evaluate(
    make: TemporaryIndex, folder: Path, progress: Progress, second_look: SecondLook = learned_look
) -> dict[str, float]:
    """`corpus.jsonl`, `queries.jsonl` and `qrels.tsv` (query, document, grade) of `folder`."""
    asked, judged, documents = read_judged(folder)
    with make() as index:
        await asyncio.to_thread(fill, index, documents)
        search, totals, times_ms = WebSearch(index, second_look=second_look), [0.0, 0.0, 0.0], list[float]()
        for number, query in enumerate(asked):
            # The first page is what a reader waits for; the rest is for recall.
            first = await search.pages(question(query.text[:LONGEST_QUERY], "", 1, ""))
            times_ms.append(first.took_ms)
            answer = await search.pages(question(query.text[:LONGEST_QUERY], "", 1, ""), size=_DEPTH)
            ranked, grades = [hit.key for hit in answer.found.hits], judged[str(query.id)]
            scores = (ndcg(ranked, grades), recall(ranked, grades, _DEPTH), reciprocal_rank(ranked, grades))
            totals = [total + score for total, score in zip(totals, scores, strict=True)]
            await progress(f"{number + 1} questions asked", number + 1, len(asked))
    means = [round(total / max(1, len(asked)), 4) for total in totals]
    times_ms.sort()
    return {
        **dict(zip(("ndcg@10", "recall@100", "rr@10"), means, strict=True)),
        "queries": len(asked),
        "p50_ms": _percentile(times_ms, 0.5),
        "p99_ms": _percentile(times_ms, 0.99),
    }


async def rank(
    make: TemporaryIndex, path: Path, progress: Progress, second_look: SecondLook = learned_look
) -> dict[str, float]:
    """Each query's candidates in our order; those that no word of it matches come last."""
    by_space = read_candidates(path)
    total = 0.0
    with make() as index:
        for space, (_query, candidates) in by_space.items():
            await asyncio.to_thread(index.add, candidate_documents(space, candidates))
        await asyncio.to_thread(index.commit)
        search = WebSearch(index, second_look=second_look)
        for number, (space, (query, candidates)) in enumerate(by_space.items()):
            asked = question(query[:LONGEST_QUERY], "", 1, "")
            answer = await search.pages(asked, size=len(candidates), space=space)
            grades = grades_of(space, candidates)
            found = [hit.key for hit in answer.found.hits]
            total += ndcg([*found, *(key for key in grades if key not in set(found))], grades)
            await progress(f"{number + 1} questions ranked", number + 1, len(by_space))
    return {"ndcg@10": round(total / max(1, len(by_space)), 4)}


def read_judged(folder: Path) -> tuple[list[JudgedQuery], Judgements, list[IndexDocument]]:
    """The questions that are judged, the grades by question and document, and the documents."""
    judged = _judgements(folder / "qrels.tsv")
    queries = _read(folder / "queries.jsonl", JudgedQuery)
    asked = [query for query in queries if judged.get(str(query.id))]
    return asked, judged, _documents(folder / "corpus.jsonl")


def read_candidates(path: Path) -> dict[str, tuple[str, list[Candidate]]]:
    """For each query of the file a space of the index, the query, and its candidates."""
    by_query: dict[str, list[Candidate]] = {}
    for candidate in _read(path, Candidate):
        by_query.setdefault(candidate.query, []).append(candidate)
    return {f"q{number}": (query, found) for number, (query, found) in enumerate(by_query.items())}


def candidate_documents(space: str, candidates: Sequence[Candidate]) -> list[IndexDocument]:
    """The candidates as documents of `space`; keys are their addresses after `<space>/<number>`."""
    return [
        IndexDocument(
            key=f"{space}/{number}://{candidate.url.partition('://')[2]}",
            space=space,
            title=candidate.title or "",
            text=candidate.extract or "",
            host=host_of(candidate.url) or "unknown",
        )
        for number, candidate in enumerate(candidates)
    ]


def grades_of(space: str, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Grades by the keys that `candidate_documents` gives."""
    documents = candidate_documents(space, candidates)
    return {document.key: one.grade for document, one in zip(documents, candidates, strict=True)}


def fill(index: SearchIndex, documents: list[IndexDocument]) -> None:
    index.add(documents)
    index.commit()


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            for line in read_lines(source):
                if line is None:
                    raise NotReadable(name=path.name)
                yield line
    except OSError as failure:
        raise NotReadable(name=path.name) from failure


def _read(path: Path, kind: type[T]) -> list[T]:
    try:
        return [msgspec.json.decode(line, type=kind) for line in _lines(path)]
    except (msgspec.DecodeError, UnicodeDecodeError) as failure:
        raise NotReadable(name=path.name) from failure


def _documents(path: Path) -> list[IndexDocument]:
    read = [document_of(line) for line in _lines(path)]
    return [document for document in read if document]


def _judgements(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for line in _lines(path):
        try:
            query, document, grade = line.decode().split()
            found.setdefault(query, {})[document] = float(grade)
        except ValueError as failure:
            raise NotReadable(name=path.name) from failure
    return found


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
