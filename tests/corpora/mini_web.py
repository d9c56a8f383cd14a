"""A web of several hosts on loopback: real documentation from Debian packages, and traps.

Every name ends in `.localhost`; one server answers by the Host header and writes down
every request, so that a test can count what a polite crawler would not have done.
"""

import gzip
import inspect
import itertools
import mimetypes
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HANDBOOK = Path("/usr/share/doc/debian-handbook/html")
PYTHON = Path("/usr/share/doc/python3.11/html")
REFERENCE = Path("/usr/share/developers-reference/fr")
PACKAGES = {"debian-handbook": HANDBOOK, "python3.11-doc": PYTHON, "developers-reference-fr": REFERENCE}

Answer = tuple[int, dict[str, str], bytes]
# A site that tells clients apart by what they send takes the request's headers (lower case) besides.
Site = Callable[[str], Answer] | Callable[[str, Mapping[str, str]], Answer]


def html(body: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return 200, {"content-type": "text/html; charset=utf-8", **named}, body.encode()


def not_found() -> Answer:
    return 404, {"content-type": "text/plain"}, b"nothing here"


def folder(root: Path, robots: str = "") -> Site:
    """The files under `root`, as a plain web server gives them."""

    def answer(path: str) -> Answer:
        if path == "/robots.txt":
            return (200, {"content-type": "text/plain"}, robots.encode()) if robots else not_found()
        file = (root / path.partition("?")[0].lstrip("/")).resolve()
        file = file / "index.html" if file.is_dir() else file
        if not file.is_relative_to(root.resolve()) or not file.is_file():
            return not_found()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return 200, {"content-type": kind}, file.read_bytes()

    return answer


def pages(found: dict[str, Answer], robots: str = "") -> Site:
    """Exactly these pages."""

    def answer(path: str) -> Answer:
        if path == "/robots.txt" and robots:
            return 200, {"content-type": "text/plain"}, robots.encode()
        return found.get(path, not_found())

    return answer


@dataclass
class Visit:
    host: str
    path: str
    begun_s: float
    agent: str
    ended_s: float = 0.0


@dataclass
class MiniWeb:
    """A running web. `port` is common to all hosts; `visits` in order of arrival."""

    port: int
    sites: dict[str, Site]
    visits: list[Visit] = field(default_factory=list)

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self, host: str) -> list[str]:
        return [visit.path for visit in self.visits if visit.host == host]

    def by_host(self) -> dict[str, list[Visit]]:
        found: dict[str, list[Visit]] = defaultdict(list)
        for visit in self.visits:
            found[visit.host].append(visit)
        return found

    def overlaps(self) -> int:
        """Requests that began while the same host still answered another."""
        return sum(
            later.begun_s < earlier.ended_s
            for visits in self.by_host().values()
            for earlier, later in itertools.pairwise(visits)
        )

    def shortest_wait_s(self) -> float:
        """The least time between the beginnings of two requests to one host."""
        waits = [
            later.begun_s - earlier.begun_s
            for visits in self.by_host().values()
            for earlier, later in itertools.pairwise(visits)
        ]
        return min(waits, default=float("inf"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: MiniWeb

    def do_GET(self) -> None:
        host = self.headers.get("host", "").rpartition(":")[0]
        visit = Visit(host, self.path, time.monotonic(), self.headers.get("user-agent", ""))
        self.web.visits.append(visit)
        try:
            self._answer(self._ask(self.web.sites.get(host, lambda path: not_found())))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            visit.ended_s = time.monotonic()

    def _ask(self, site: Any) -> Answer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        takes = len(inspect.signature(site).parameters)
        found: Answer = site(self.path, headers) if takes == 2 else site(self.path)
        return found

    def _answer(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "x-endless" in headers:
            self.close_connection = True
            self.end_headers()
            for _ in range(20_000):
                self.wfile.write(body)
                time.sleep(float(headers["x-endless"]))
            return
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serve(sites: dict[str, Site]) -> Iterator[MiniWeb]:
    """Serves the sites on loopback until the block ends."""
    web = MiniWeb(0, sites)
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()


def documentation() -> dict[str, Site]:
    """French and English documentation; raises FileNotFoundError when a package is missing."""
    missing = [name for name, path in PACKAGES.items() if not path.is_dir()]
    if missing:
        raise FileNotFoundError(f"install the Debian packages {', '.join(missing)}")
    closed = "User-agent: *\nDisallow: /Common_Content/\nDisallow: /sect.apache\n"
    return {
        "cahier.localhost": folder(HANDBOOK / "fr-FR", closed),
        "handbook.localhost": folder(HANDBOOK / "en-US", closed),
        "python.localhost": folder(
            PYTHON,
            "User-agent: SynfoniumBot\nDisallow: /whatsnew/\nDisallow: /c-api\nUser-agent: *\nDisallow: /",
        ),
        "reference.localhost": folder(REFERENCE),
    }


def bomb() -> Answer:
    """200 MB of zeros in 200 kB."""
    packed = gzip.compress(bytes(200_000_000), 9)
    return 200, {"content-type": "text/html", "content-encoding": "gzip"}, packed


def traps() -> dict[str, Site]:
    """Hosts made to catch a crawler; `/` of hub.localhost leads to all of them."""
    bomb_answer = bomb()
    return {
        "loop.localhost": _loop,
        "bomb.localhost": lambda path: bomb_answer if path == "/" else not_found(),
        "slow.localhost": lambda path: (
            not_found()
            if path == "/robots.txt"
            else (200, {"content-type": "text/html", "x-endless": "0.2"}, b"<p>z")
        ),
        "huge.localhost": lambda path: (
            not_found()
            if path == "/robots.txt"
            else (200, {"content-type": "text/html", "x-endless": "0"}, b"<p>huge " * 20_000)
        ),
        "deep.localhost": lambda path: (
            not_found() if path == "/robots.txt" else html("<div>" * 60_000 + "deep")
        ),
        "calendar.localhost": _calendar,
        "broken.localhost": lambda path: (
            (200, {"content-type": "text/html", "content-encoding": "gzip"}, b"\x1f\x8b\x08no gzip at all")
            if path != "/robots.txt"
            else not_found()
        ),
    }


def _loop(path: str) -> Answer:
    if path == "/robots.txt":
        return not_found()
    if path.startswith("/endless/"):
        return 302, {"location": f"/endless/{int(path.rpartition('/')[2]) + 1}"}, b""
    other = {"/": "/a", "/a": "/b", "/b": "/a"}.get(path, "/endless/1")
    return 301, {"location": other}, b""


def _calendar(path: str) -> Answer:
    if path in ("/robots.txt", "/sitemap.xml"):
        return not_found()
    day = int(path.strip("/") or 0)
    links = "".join(f'<a href="/{day * 10 + n}">day {day * 10 + n}</a>' for n in range(1, 11))
    return html(f"<title>Day {day}</title><p>Nothing happens on day {day}. {links}")
