"""How private is a search, tried from outside: ours, and a SearXNG beside it?

    .venv/bin/python benchmarks/how_private_is_a_search.py [--searxng FOLDER --python PROGRAM]

FOLDER is a checkout of SearXNG, PROGRAM the Python of an environment with its requirements. Both get the
same twenty pages (SearXNG from a small source that it asks, with its default settings otherwise) and the
same thirty questions over HTTP on loopback, from an address and a browser that are looked for afterwards,
as the words are, in every file of the home, the temporary folder and the log, in every common encoding.

`cookies`: answers that set one; `cookies_of_preferences`: the same when a language is chosen by the form of
preferences. `csp`: whether every page says a Content-Security-Policy with `default-src 'none'` or `'self'`.
`inline`: scripts and styles within a page. `third_party`: things a page loads from elsewhere. `detours`:
results that are not linked straight. `same_twice`: whether one asker gets the same answer again, but for
times; `same_for_all`: whether people who differ do. `traces`: files that hold a word, an address or a
browser's name. `no_store`, `no_referrer`, `noreferrer_links` (share), `post`: as said.
Goal for ours: nothing of anybody, anywhere. What a browser
keeps, and connections outwards, are measured by tests/journeys/test_privacy.py for ours alone.
Writes benchmarks/results/search_privacy.json.
"""

import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
from answers import keep

from synfonium.apps.search.service.proofs.markup import read, strangers
from synfonium.apps.search.service.proofs.traces import search, written_since
from synfonium.testing.ports import free_ports
from synfonium.testing.server import real_server

WORDS = ("vent", "sel", "tempête", "opening hours", "train 12")
GUISES: list[dict[str, str]] = [
    {},
    {"cookie": "session=1; id=2"},
    {"authorization": "Bearer x"},
    {"x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9"},
    {"user-agent": "Mozilla/5.0 (Windows NT 10.0)"},
    {"dnt": "1", "sec-gpc": "1"},
]
CHOICE = {"language": "fr", "locale": "fr", "method": "POST"}
PEER = "127.0.0.77"
START_S = 60.0
SETTINGS = """use_default_settings: {engines: {keep_only: [pages]}}
server: {secret_key: %(secret)s, port: %(port)d, bind_address: 127.0.0.1}
search: {formats: [html, json]}
engines:
- {name: pages, engine: json_engine, shortcut: pg, categories: [general], disabled: false, enable_http: true,
   search_url: "http://127.0.0.1:%(source)d/?q={query}", results_query: results, url_query: url,
   title_query: title, content_query: text, about: {website: "https://val-joli.example", results: JSON}}
"""


@dataclass(frozen=True)
class Engine:
    """A search that answers at `url`; `folders` and `log` are all that it writes."""

    url: str
    folders: tuple[Path, ...]
    log: Path


@dataclass(frozen=True)
class Marks:
    """What must be found nowhere afterwards."""

    word: str
    browser: str

    @classmethod
    def drawn(cls) -> "Marks":
        return cls(f"qvz{secrets.token_hex(8)}", f"Agent{secrets.token_hex(8)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="How private is a search?")
    parser.add_argument("--searxng", type=Path, metavar="FOLDER")
    parser.add_argument("--python", type=Path, metavar="PROGRAM")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"synfonium": _measured(_ours(Path(folder) / "ours"))}
        if args.searxng and args.python:
            found["searxng"] = _measured(_searxng(Path(folder) / "searxng", args.searxng, args.python))
    keep("search_privacy", found)


def _pages() -> list[dict[str, str]]:
    return [
        {"url": f"https://val-joli.example/{n}", "title": f"Page {n}", "text": f"le vent et le sel {n}"}
        for n in range(20)
    ]


@contextmanager
def _ours(folder: Path) -> Iterator[Engine]:
    folder.mkdir(parents=True)
    temporary = folder / "tmp"
    temporary.mkdir()
    file = folder / "pages.jsonl"
    file.write_text("\n".join(json.dumps(page) for page in _pages()))
    with real_server(folder / "home", environment={"TMPDIR": str(temporary)}) as server:
        command = [sys.executable, "-m", "synfonium.main", "search", "add", str(file)]
        subprocess.run(command, env=dict(server.environment), check=True, capture_output=True, timeout=60)
        yield Engine(server.url, (folder / "home", temporary), server.log)


@contextmanager
def _searxng(folder: Path, source: Path, python: Path) -> Iterator[Engine]:
    folder.mkdir(parents=True)
    temporary, log = folder / "tmp", folder / "log"
    temporary.mkdir()
    port, source_port = free_ports(2)
    settings = folder / "settings.yml"
    settings.write_text(SETTINGS % {"secret": secrets.token_hex(16), "port": port, "source": source_port})
    environment = {"SEARXNG_SETTINGS_PATH": str(settings), "TMPDIR": str(temporary), "HOME": str(folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python), "-m", "searx.webapp"],
            cwd=source,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(source), **environment},
            stdout=output,
            stderr=output,
        )
    source_of_pages = ThreadingHTTPServer(("127.0.0.1", source_port), _Pages)
    Thread(target=source_of_pages.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield Engine(url, (temporary, folder), log)
    finally:
        source_of_pages.shutdown()
        process.send_signal(signal.SIGTERM)
        process.wait(20)


class _Pages(BaseHTTPRequestHandler):
    """Stands for an engine that SearXNG asks, since it has no index of its own."""

    def do_GET(self) -> None:
        body = json.dumps({"results": _pages()[:10]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given: object) -> None:
        """Nothing: only what the search itself writes is looked at."""


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            httpx.get(url, timeout=3)
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit("the server does not answer")


def _measured(starting: AbstractContextManager[Engine]) -> dict[str, object]:
    since_s, marks = time.time() - 1, Marks.drawn()
    with starting as engine, _client(engine, marks) as client:
        answers = [
            client.get("/search", params={"q": word}) for word in (*WORDS, marks.word) for _ in range(4)
        ]
        posted = [client.post("/search", data={"q": word}) for word in (*WORDS, marks.word)]
        client.get("/")
        found: dict[str, object] = {
            "answered": sum(one.status_code == 200 for one in answers),
            "cookies": sum("set-cookie" in one.headers for one in (*answers, *posted)),
            "cookies_of_preferences": "set-cookie" in client.post("/preferences", data=CHOICE).headers,
            "no_store": all("no-store" in one.headers.get("cache-control", "") for one in answers),
            "no_referrer": all(one.headers.get("referrer-policy") == "no-referrer" for one in answers),
            "post": posted[0].status_code == 200 and "val-joli.example" in posted[0].text,
            "csp": all(_is_strict(one) for one in answers),
            **_markup(engine, answers[0]),
            "same_twice": _is_same(engine, [{}, {}, {}]),
            "same_for_all": _is_same(engine, GUISES),
        }
        time.sleep(2)
        paths = [path for folder in engine.folders for path in written_since(folder, since_s)]
        needles = {"word": marks.word, "address": PEER, "browser": marks.browser}
        found["traces"] = {name: search([text], [*paths, engine.log]).hits for name, text in needles.items()}
    return found


def _client(engine: Engine, marks: Marks) -> httpx.Client:
    return httpx.Client(
        base_url=engine.url,
        headers={"accept": "text/html", "user-agent": f"Mozilla/5.0 {marks.browser}"},
        transport=httpx.HTTPTransport(local_address=PEER),
        timeout=20,
    )


def _is_strict(answer: httpx.Response) -> bool:
    policy = answer.headers.get("content-security-policy", "")
    return bool(re.search(r"default-src '(none|self)'", policy)) and "unsafe-" not in policy


def _markup(engine: Engine, answer: httpx.Response) -> dict[str, object]:
    page = read(answer.content, engine.url)
    leaving = [link for link in page.links if "val-joli.example" in link.url]
    straight = {link.url for link in leaving}
    return {
        "inline": page.inline,
        "third_party": len(strangers(page.loads, [engine.url])),
        "detours": sum(page["url"] not in straight for page in _pages() if page["url"] in answer.text),
        "noreferrer_links": sum("noreferrer" in link.rel for link in leaving) / max(1, len(leaving)),
    }


def _is_same(engine: Engine, guises: list[dict[str, str]]) -> bool:
    """Whether the same question gets the same answer, but for times."""
    bodies = set[str]()
    for one in guises:
        sent = {"accept": "text/html", **one}
        page = httpx.get(f"{engine.url}/search", params={"q": "vent"}, headers=sent, timeout=20)
        bodies.add(re.sub(r"[\d.,]+(?=\s*(s|seconds?)\b)", "", page.text))
    return len(bodies) == 1


if __name__ == "__main__":
    main()
