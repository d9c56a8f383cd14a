"""How much CPU does one page of results cost, and how many bytes does a browser load for it?

    .venv/bin/python benchmarks/how_much_does_a_results_page_cost.py [--pages N]

A fresh home with 5,000 made-up pages answers `/search?q=` over HTTP on loopback, another query
each time, one after another. Counted is the CPU time of all processes of the server; for the
bytes, the page and everything that it links to, as sent with gzip. Goals: 5 ms, 50 kB.
Writes benchmarks/results/results_page.json.
"""

import argparse
import json
import os
import random
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
from answers import keep

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / ".venv" / "bin" / "synfonium"
DOCUMENTS, WORDS, WARM_UP, START_S = 5000, 120, 50, 60
LINKED = re.compile(r'(?:href|src)="(/static/[^"#]+)')
IN_STYLES = re.compile(r"url\((?:\./)?([^)]+\.woff2)\)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1000)
    pages = parser.parse_args().pages
    with tempfile.TemporaryDirectory() as folder:
        answer = measure(Path(folder), pages)
    keep("results_page", {**answer, "goals": {"cpu_ms": 5, "kilobytes": 50}})


def measure(folder: Path, pages: int) -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "SYNFONIUM_HOME": str(folder / "home")}
    vocabulary = write_documents(folder / "pages.jsonl")
    server = subprocess.Popen([PROGRAM, "serve", "--port", str(port)], env=env, stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            wait_for(client)
            subprocess.run([PROGRAM, "search", "add", folder / "pages.jsonl"], env=env, check=True)
            return ask(client, server.pid, pages, vocabulary)
    finally:
        server.terminate()
        server.wait(timeout=30)


def write_documents(path: Path) -> list[str]:
    """Pages over a vocabulary with a natural slope; gives its middle words to ask for."""
    dice = random.Random(8600)
    vocabulary = ["".join(dice.choices("abcdeilmnoprstu", k=dice.randint(4, 9))) for _ in range(4000)]
    weights = [1 / (rank + 10) for rank in range(len(vocabulary))]
    with path.open("w") as file:
        for number in range(DOCUMENTS):
            words = dice.choices(vocabulary, weights, k=WORDS)
            page = {
                "url": f"http://site{number % 50}.test/{number}",
                "title": " ".join(words[:6]),
                "lang": "en",
            }
            file.write(json.dumps({**page, "text": " ".join(words)}) + "\n")
    return vocabulary[20:200]


def wait_for(client: httpx.Client) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit("the server never became ready")


def ask(client: httpx.Client, pid: int, pages: int, vocabulary: list[str]) -> dict[str, object]:
    dice = random.Random(1)
    queries = [" ".join(dice.sample(vocabulary, 2)) for _ in range(WARM_UP + pages)]
    found = [client.get("/api/search", params={"q": query}).json()["results"] for query in queries[:WARM_UP]]
    if min(map(len, found)) < 10:
        raise SystemExit("a query finds less than a page: this would measure empty pages")
    before_s, began_s = cpu_s(pid), time.monotonic()
    for query in queries[WARM_UP:]:
        client.get("/search", params={"q": query}).raise_for_status()
    used_s, took_s = cpu_s(pid) - before_s, time.monotonic() - began_s
    sent = {name: round(size / 1000, 1) for name, size in sizes(client, queries[0]).items()}
    return {
        "cpu_ms": round(used_s / pages * 1000, 2),
        "wall_ms": round(took_s / pages * 1000, 2),
        "pages": pages,
        "kilobytes": round(sum(sent.values()), 1),
        "kilobytes_by_file": sent,
    }


def sizes(client: httpx.Client, query: str) -> dict[str, int]:
    """Bytes as sent of the page and of all that it links to from this installation."""
    page, found = fetch(client, f"/search?q={query}")
    sent = {"/search": found}
    for name in sorted(set(LINKED.findall(page))):
        text, sent[name] = fetch(client, name)
        for font in IN_STYLES.findall(text) if name.endswith(".css") else ():
            if "-ext-" not in font:  # loaded only for letters that this page lacks
                path = name.rpartition("/")[0] + "/" + font.strip("'\"").removeprefix("./")
                sent[path] = fetch(client, path)[1]
    return sent


def fetch(client: httpx.Client, path: str) -> tuple[str, int]:
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        answer.raise_for_status()
        answer.read()
        return answer.text, answer.num_bytes_downloaded


def cpu_s(root: int) -> float:
    """CPU seconds of `root` and all its descendants, user and system."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stats[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    family = {root}
    while grown := {pid for pid, stat in stats.items() if int(stat[1]) in family} - family:
        family |= grown
    ticks = sum(int(stats[pid][11]) + int(stats[pid][12]) for pid in family if pid in stats)
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
