"""Judged sets as examples to learn from, seen through the product's own query path."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from synfonium.apps.search.service import measure
from synfonium.apps.search.service.measure import TemporaryIndex
from synfonium.apps.search.service.query_syntax import LONGEST_QUERY
from synfonium.apps.search.service.ranking.climbing import Example
from synfonium.apps.search.service.ranking.learning import Recorder, ideal_gain, learn
from synfonium.apps.search.service.ranking.weights import Learned
from synfonium.apps.search.service.search import WebSearch, question
from synfonium.kernel.calls import Progress
from synfonium.ports.index import SearchIndex


async def learn_from(make: TemporaryIndex, paths: Sequence[Path], seed: int, progress: Progress) -> Learned:
    """Weights from judged sets, named by their folders. Raises NotReadable."""
    sets: dict[str, list[Example]] = {}
    for number, path in enumerate(paths):
        sets[path.name if path.is_dir() else path.parent.name] = await examples_of(make, path)
        await progress(f"{path.name} read", number + 1, len(paths))
    return await learn(sets, seed, progress)


async def examples_of(make: TemporaryIndex, path: Path) -> list[Example]:
    """A folder as `search evaluate` reads it, or a file as `search rank` does. Raises NotReadable."""
    return await (_judged(make, path) if path.is_dir() else _ranked(make, path))


async def _judged(make: TemporaryIndex, folder: Path) -> list[Example]:
    asked, judged, documents = measure.read_judged(folder)
    with make() as index:
        await asyncio.to_thread(measure.fill, index, documents)
        look = _Look(index)
        return [await look.example(query.text, judged[str(query.id)]) for query in asked]


async def _ranked(make: TemporaryIndex, path: Path) -> list[Example]:
    by_query = measure.read_candidates(path)
    with make() as index:
        for space, (_query, candidates) in by_query.items():
            await asyncio.to_thread(index.add, measure.candidate_documents(space, candidates))
        await asyncio.to_thread(index.commit)
        look = _Look(index)
        return [
            await look.example(query, measure.grades_of(space, candidates), space)
            for space, (query, candidates) in by_query.items()
        ]


class _Look:
    def __init__(self, index: SearchIndex) -> None:
        self._recorder = Recorder()
        self._search = WebSearch(index, second_look=lambda _asked: self._recorder)

    async def example(self, query: str, grades: Mapping[str, float], space: str = "") -> Example:
        seen = self._recorder
        seen.forget()
        await self._search.pages(question(query[:LONGEST_QUERY], "", 1, ""), space=space)
        return Example(
            values=seen.values,
            telling_words=seen.telling_words,
            is_web=seen.is_web,
            grades=np.array([grades.get(key, 0.0) for key in seen.keys]),
            ideal=ideal_gain(list(grades.values())),
        )
