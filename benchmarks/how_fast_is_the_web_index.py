"""How fast is the web index at a million pages: built, asked, and asked over HTTP?

    .venv/bin/python benchmarks/how_fast_is_the_web_index.py [--documents N] [--corpus FILE]

Pieces of free documentation (see web_corpus.py), 1 kB each, with all fields. Queries have one to
four words: half drawn from the corpus by frequency, so that frequent words meet, half out of one
document, as a person asks for what exists. Each answer has ten hits with snippets, at most two a
host, as the results page asks. Over HTTP, `synfonium serve` on loopback answers `/api/search` to
eight clients of one process. Goals: 15,000 documents/s on 2 cores; index ≤ .95 of the text;
p50 ≤ 5 ms and p99 ≤ 60 ms; 300 queries/s. Writes benchmarks/results/web_index.json.
"""

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import httpx
import web_corpus
from answers import keep

from synfonium.engines.index.tantivy import TantivyIndex
from synfonium.ports.index import IndexDocument, IndexQuery

PROGRAM = Path(__file__).resolve().parents[1] / ".venv" / "bin" / "synfonium"
QUERIES, WARM_UP, SAMPLE, MOST_WORDS = 2000, 200, 5000, 4
CLIENTS, OVER_HTTP_S, START_S = 8, 20.0, 60.0
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{2,}")
GOALS = {
    "documents_per_s": 15_000, "index_per_text_byte": 0.95, "p50_ms": 5, "p99_ms": 60, "queries_per_s": 300,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--corpus", type=Path, help="where the pieces are kept from run to run")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pieces = asked.corpus or Path(folder, "pieces.jsonl")
        if not pieces.exists():
            web_corpus.write(pieces)
        home = Path(folder, "home")
        index = home / "indexes" / "search-web"
        index.mkdir(parents=True)
        answer = {"documents": asked.documents, "load_before": round(os.getloadavg()[0], 1), "goals": GOALS}
        answer["build"] = build(index, pieces, asked.documents)
        queries = questions(pieces)
        answer["asked"] = ask(index, queries)
        answer["over_http"] = serve(home, queries)
    keep("web_index", answer)


def build(index: Path, pieces: Path, wanted: int) -> dict[str, object]:
    text_bytes = 0

    def counted() -> Iterator[IndexDocument]:
        nonlocal text_bytes
        for document in web_corpus.documents(pieces, wanted):
            text_bytes += len(document.text.encode())
            yield document

    writer = TantivyIndex(index, writable=True)
    began_s, used_s = time.perf_counter(), _used_s()
    writer.build(counted())
    wall_s, used_s = time.perf_counter() - began_s, _used_s() - used_s
    writer.close()
    size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file())
    return {
        "documents_per_s": round(wanted / wall_s), "wall_s": round(wall_s, 1),
        "cpu_us_per_document": round(used_s / wanted * 1e6, 1), "text_bytes": text_bytes,
        "index_bytes": size, "index_per_text_byte": round(size / text_bytes, 3),
    }  # fmt: skip


def _used_s() -> float:
    """CPU of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def questions(pieces: Path) -> list[str]:
    dice = random.Random(8600)
    sample = [sorted(set(WORD.findall(d.text.lower()))) for d in web_corpus.documents(pieces, SAMPLE)]
    counts = Counter(word for words in sample for word in words)
    frequent, weights = zip(*((word, count) for word, count in counts.items() if count > 2), strict=True)
    asked = []
    for number in range(WARM_UP + QUERIES):
        size, words = dice.randint(1, MOST_WORDS), dice.choice(sample)
        of_one = number % 2 and len(words) > size
        asked.append(
            " ".join(dice.sample(words, size) if of_one else dice.choices(frequent, weights, k=size))
        )
    return asked


def ask(index: Path, queries: list[str]) -> dict[str, object]:
    reader = TantivyIndex(index)
    times_ms, cpus_ms, empty = [], [], 0
    for number, words in enumerate(queries):
        began_s, used_s = time.perf_counter(), time.process_time()
        answer = reader.search(IndexQuery(words=words), most_per_host=2)
        if number >= WARM_UP:
            times_ms.append(1000 * (time.perf_counter() - began_s))
            cpus_ms.append(1000 * (time.process_time() - used_s))
            empty += not answer.hits
    prefixes = sorted({words[:3] for words in queries[:WARM_UP]})
    return {
        **percentiles("", times_ms), **percentiles("cpu_", cpus_ms),
        **percentiles("suggest_", [timed_ms(reader, prefix) for prefix in prefixes]),
        "queries": len(times_ms), "empty": empty,
    }  # fmt: skip


def timed_ms(reader: TantivyIndex, prefix: str) -> float:
    began_s = time.perf_counter()
    reader.vocabulary(prefix)
    return 1000 * (time.perf_counter() - began_s)


def percentiles(name: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"{name}p{percent}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 2)
        for percent in (50, 95, 99)
    }


def serve(home: Path, queries: list[str]) -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "SYNFONIUM_HOME": str(home)}
    server = subprocess.Popen([PROGRAM, "serve", "--port", str(port)], env=env, stdout=subprocess.DEVNULL)
    try:
        until_ready(f"http://127.0.0.1:{port}/readyz")
        return asyncio.run(ask_over_http(port, queries))
    finally:
        server.terminate()
        server.wait(timeout=30)


async def ask_over_http(port: int, queries: list[str]) -> dict[str, object]:
    starts = [islice(queries, number, WARM_UP, CLIENTS) for number in range(CLIENTS)]
    await asyncio.gather(*(one_client(port, start) for start in starts))
    began_s = time.perf_counter()
    turns = [islice(queries, WARM_UP + number, None, CLIENTS) for number in range(CLIENTS)]
    times = await asyncio.gather(*(one_client(port, turn) for turn in turns))
    took_s = time.perf_counter() - began_s
    every = [time_ms for some in times for time_ms in some]
    return {"queries_per_s": round(len(every) / took_s, 1), "clients": CLIENTS, **percentiles("", every)}


async def one_client(port: int, queries: Iterator[str]) -> list[float]:
    """One connection kept alive. By hand, because a client for everything takes the server's cores."""
    times_ms, ends_s = [], time.perf_counter() + OVER_HTTP_S
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for words in queries:
        began_s = time.perf_counter()
        if began_s > ends_s:
            break
        ask = f"GET /api/search?q={quote(words)} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"
        writer.write(ask.encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), START_S)
        length = LENGTH.search(head)
        if b" 200 " not in head[:20] or length is None:
            raise SystemExit(f"not answered: {head[:200]!r}")
        await reader.readexactly(int(length[1]))
        times_ms.append(1000 * (time.perf_counter() - began_s))
    writer.close()
    return times_ms


def until_ready(address: str) -> None:
    ends_s = time.monotonic() + START_S
    while time.monotonic() < ends_s:
        try:
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server never became ready")


if __name__ == "__main__":
    main()
