"""How fast is the private search over a million things, and how fast are they indexed?

    .venv/bin/python benchmarks/how_fast_is_private_search.py [documents]

The same generated documents (words by Zipf's law) and the same queries for two homes: a thousand
people with a thousandth each, and one person with all; by our index, fenced as the fabric fences
it, and by SQLite's FTS5 with a column for the person, in the same run. A query is answered with
titles and snippets, ten a page; CPU stands beside wall time. `checked` adds what the fabric adds
at each search: every hit of the page is described by its app (here: one indexed read in SQLite).
"""

import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path

import answers

from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import Fence, IndexDocument, IndexQuery

DOCUMENTS = 1_000_000
WORDS, SYLLABLES = (
    60_000,
    ("ba", "co", "di", "fu", "ge", "la", "mo", "ni", "pu", "ré", "sa", "to", "vi", "zé"),
)
TITLE_WORDS, TEXT_WORDS = 4, 40
QUERIES = 400
BATCH = 500
COMMIT_EVERY = 10_000
GOAL_MS = 50.0


class Language:
    """Made-up words, the n-th as frequent as 1/n."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words = sorted({self._word() for _ in range(WORDS)})
        self._random.shuffle(self._words)
        self._sums = list(accumulate(1 / rank for rank in range(1, len(self._words) + 1)))

    def _word(self) -> str:
        return "".join(self._random.choices(SYLLABLES, k=self._random.randint(2, 4)))

    def some(self, count: int) -> str:
        places = (bisect(self._sums, self._random.random() * self._sums[-1]) for _ in range(count))
        return " ".join(self._words[place] for place in places)


def documents(count: int, people: int) -> Iterator[IndexDocument]:
    language = Language(1)
    for number in range(count):
        person = f"person{number % people:04}"
        folder = f"drive:node/f{number % (people * 20):06}"
        address = f"drive:node/n{number:08}"
        yield IndexDocument(
            key=address,
            space=person,
            title=language.some(TITLE_WORDS),
            text=language.some(TEXT_WORDS),
            time_s=1.7e9 + number,
            marks=("app drive", f"in {address}", f"in {folder}", "in drive:root", "is file/1"),
        )


def questions(people: int) -> list[tuple[str, str]]:
    """(person, query): of one to three words, frequent ones among them."""
    language, choice = Language(1), random.Random(2)
    return [
        (f"person{choice.randrange(people):04}", language.some(choice.randint(1, 3))) for _ in range(QUERIES)
    ]


def batches(found: Iterator[IndexDocument]) -> Iterator[list[IndexDocument]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def measure(ask: Callable[[str, str], int], asked: Sequence[tuple[str, str]]) -> dict[str, object]:
    """Milliseconds of wall and CPU; the first tenth warms up and is not counted."""
    walls, cpus, hits = [], [], 0
    for number, (person, query) in enumerate(asked):
        wall, cpu = time.perf_counter(), time.process_time()
        found = ask(person, query)
        if number >= len(asked) // 10:
            walls.append(1000 * (time.perf_counter() - wall))
            cpus.append(1000 * (time.process_time() - cpu))
            hits += found
    return {
        "p50_ms": middle(walls, 50), "p95_ms": middle(walls, 95), "max_ms": round(max(walls), 2),
        "cpu_p50_ms": middle(cpus, 50), "cpu_p95_ms": middle(cpus, 95), "hits": hits,
    }  # fmt: skip


def middle(values: Sequence[float], percent: int) -> float:
    return round(statistics.quantiles(values, n=100)[percent - 1], 2)


def size_mib(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 1)


def ours(folder: Path, count: int, people: int, truth: sqlite3.Connection) -> dict[str, object]:
    index = TantivyIndex(folder, writable=True)
    wall, cpu, added = time.perf_counter(), time.process_time(), 0
    for batch in batches(documents(count, people)):
        index.add(batch)
        added += len(batch)
        if added % COMMIT_EVERY == 0:
            index.commit()
    index.commit()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    index.close()
    reader = TantivyIndex(folder)

    def ask(person: str, query: str) -> int:
        return len(reader.search(IndexQuery(words=query), spaces=(person,), limit=20).hits)

    def below(person: str, query: str) -> int:
        place = f"in drive:node/f{int(person[6:]):06}"
        fence = Fence(space=person, marks=((place,), ("app drive",)))
        return len(reader.search(IndexQuery(words=query), spaces=(fence,), limit=20).hits)

    def checked(person: str, query: str) -> int:
        hits = reader.search(IndexQuery(words=query), spaces=(person,), limit=20).hits
        return sum(_is_there(truth, hit.key, person) for hit in hits)

    asked = questions(people)
    return {
        "index_per_s": round(count / wall), "index_wall_s": round(wall, 1), "index_cpu_s": round(cpu, 1),
        "size_mib": size_mib(folder), "own": measure(ask, asked), "own, checked": measure(checked, asked),
        "below a granted folder": measure(below, asked),
    }  # fmt: skip


def _is_there(truth: sqlite3.Connection, key: str, person: str) -> bool:
    row = truth.execute("select owner from thing where address = ?", (key,)).fetchone()
    return row is not None and row[0] == person


def known(folder: Path, count: int, people: int) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "truth.sqlite")
    connection.execute("create table thing (address text primary key, owner text) without rowid")
    rows = ((f"drive:node/n{number:08}", f"person{number % people:04}") for number in range(count))
    connection.executemany("insert into thing values (?, ?)", rows)
    connection.commit()
    return connection


def fts5(folder: Path, count: int, people: int) -> dict[str, object]:
    """SQLite's own: the person as a column, the same words, bm25 and a snippet."""
    connection = sqlite3.connect(folder / "fts5.sqlite")
    connection.execute("pragma journal_mode = wal")
    columns = "address unindexed, person, title, text, tokenize='unicode61 remove_diacritics 2'"
    connection.execute(f"create virtual table thing using fts5({columns})")
    wall, cpu, added = time.perf_counter(), time.process_time(), 0
    for batch in batches(documents(count, people)):
        rows = [(one.key, one.space, one.title, one.text) for one in batch]
        connection.executemany("insert into thing values (?, ?, ?, ?)", rows)
        added += len(batch)
        if added % COMMIT_EVERY == 0:
            connection.commit()
    connection.commit()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu

    def ask(person: str, query: str) -> int:
        words = " AND ".join(f'{{title text}} : "{word}"' for word in query.split())
        found = connection.execute(
            "select address, title, snippet(thing, 3, '<b>', '</b>', '', 30) from thing"
            " where thing match ? order by bm25(thing) limit 20",
            (f'person : "{person}" AND {words}',),
        )
        return len(found.fetchall())

    asked = questions(people)
    return {
        "index_per_s": round(count / wall), "index_wall_s": round(wall, 1), "index_cpu_s": round(cpu, 1),
        "size_mib": size_mib(folder), "own": measure(ask, asked), "sqlite": sqlite3.sqlite_version,
    }  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
    before = round(os.getloadavg()[0], 1)
    answer: dict[str, object] = {"documents": count, "queries": QUERIES, "load_before": before}
    for name, people in (("a thousand people", 1000), ("one person", 1)):
        with tempfile.TemporaryDirectory() as place:
            folders = [Path(place, part) for part in ("truth", "ours", "fts5")]
            for folder in folders:
                folder.mkdir()
            truth = known(folders[0], count, people)
            answer[name] = {
                "synfonium": ours(folders[1], count, people, truth),
                "sqlite fts5": fts5(folders[2], count, people),
            }
    answer["goal"] = f"p95 ≤ {GOAL_MS:.0f} ms"
    answers.keep("private_search", answer)


if __name__ == "__main__":
    main()
