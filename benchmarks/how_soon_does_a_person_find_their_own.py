"""How long does the private search of a running installation take over a million files of one person?

    .venv/bin/python benchmarks/how_soon_does_a_person_find_their_own.py [files]

A home whose Drive, table of the search and index hold the files (written past the doors, which would
take an hour), then served by all roles as `synfonium serve` does. A browser's session asks
`/fabric/search` by HTTP, ten hits a page: whole requests, in which each hit is described by Drive and
its right looked at. The queries are those of `how_fast_is_private_search.py`; CPU is that of all roles.
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import answers
import httpx
from how_fast_is_private_search import GOAL_MS, TEXT_WORDS, TITLE_WORDS, Language, middle

from synfonium.apps.drive.model import name_key, name_sort
from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import IndexDocument
from synfonium.testing.server import RealServer, family

FILES, FOLDER_OF = 1_000_000, 1000
QUERIES, WARM = 400, 40
BATCH, COMMIT_EVERY = 5_000, 50_000
PASSWORD = "a long enough password"
Row = tuple[Any, ...]


def files(count: int) -> Iterator[tuple[str, str, str, str]]:
    """Id, id of the folder, name and text of each."""
    language = Language(1)
    for number in range(count):
        name = f"{language.some(TITLE_WORDS)} {number}.txt"
        yield f"f{number:025}", f"d{number // FOLDER_OF:025}", name, language.some(TEXT_WORDS)


def fill(home: Path, count: int) -> None:
    with closing(sqlite3.connect(home / "databases" / "drive.sqlite")) as drive:
        space, owner, root = drive.execute("select id, owner, root from drive_space").fetchone()
        folders = [f"d{number:025}" for number in range(-(-count // FOLDER_OF))]
        insert = f"insert into drive_node ({', '.join(NODE)}) values ({', '.join('?' * len(NODE))})"
        drive.executemany(insert, (node(space, root, folder, folder, is_file=False) for folder in folders))
        made = (node(space, folder, id_, name, is_file=True) for id_, folder, name, _text in files(count))
        while batch := list(islice(made, BATCH)):
            drive.executemany(insert, batch)
        drive.commit()
    with closing(sqlite3.connect(home / "databases" / "fabric.sqlite")) as fabric:
        known = ((f"drive:node/{id_}", owner, "drive", 300) for id_, _folder, _name, _text in files(count))
        fabric.executemany("insert into fabric_indexed values (?, ?, ?, ?)", known)
        fabric.commit()
    write_index(home / "indexes" / "fabric-mine", owner, count)


NODE = (
    *("id", "space", "parent", "name", "name_key", "name_sort", "is_file", "size_bytes", "etag"),
    *("modified_s", "created_s", "media_type", "version", "revision"),
)


def node(space: str, parent: str, id_: str, name: str, *, is_file: bool) -> Row:
    kind, version = ("text/plain", f"v{id_[1:]}") if is_file else ("", None)
    named = (name, name_key(name), name_sort(name))
    return (id_, space, parent, *named, is_file, 300, id_, 1.7e9, 1.7e9, kind, version, 1)


def write_index(folder: Path, owner: str, count: int) -> None:
    index = TantivyIndex(folder, writable=True)
    batch: list[IndexDocument] = []
    for number, (id_, parent, name, text) in enumerate(files(count), 1):
        address, above = f"drive:node/{id_}", f"in drive:node/{parent}"
        marks = ("app drive", f"in {address}", above, "in drive:root", "is file/1")
        batch.append(
            IndexDocument(key=address, space=owner, title=name, text=text, time_s=1.7e9, marks=marks)
        )
        if number % BATCH == 0 or number == count:
            index.add(batch)
            batch.clear()
        if number % COMMIT_EVERY == 0:
            index.commit()
    index.commit()
    index.close()


def questions() -> list[str]:
    language, choice = Language(1), random.Random(2)
    return [language.some(choice.randint(1, 3)) for _ in range(QUERIES)]


def measure(server: RealServer, asked: Sequence[str]) -> dict[str, object]:
    walls, hits = [], 0
    with httpx.Client(base_url=server.url, headers={"origin": server.url}, timeout=60) as browser:
        signed = browser.post("/signin", data={"name": "ana", "password": PASSWORD})
        assert signed.status_code == 303, signed.text
        for number, query in enumerate(asked):
            if number == WARM:
                cpu = sum(map(answers.cpu_s, family(server.pid)))
            began = time.perf_counter()
            answer = browser.get("/fabric/search", params={"q": query})
            if number >= WARM:
                walls.append(1000 * (time.perf_counter() - began))
                hits += len(answer.raise_for_status().json()["hits"])
        cpu = sum(map(answers.cpu_s, family(server.pid))) - cpu
    return {
        "p50_ms": middle(walls, 50), "p95_ms": middle(walls, 95), "max_ms": round(max(walls), 1),
        "cpu_ms_a_search": round(1000 * cpu / len(walls), 1), "hits": hits,
    }  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as place:
        server = RealServer(Path(place) / "home")
        server.start()
        try:
            token = server.person("ana", password=PASSWORD)
            first, headers = f"{server.url}/dav/files/ana/first.txt", {"authorization": f"Bearer {token}"}
            httpx.put(first, content=b"first", headers=headers).raise_for_status()
            time.sleep(3)
            server.stop()
            fill(server.home, count)
            server.start()
            answer = measure(server, questions())
        finally:
            server.stop()
    answers.keep("private_search_door", {"files": count, **answer, "goal": f"p95 ≤ {GOAL_MS:.0f} ms"})


if __name__ == "__main__":
    main()
