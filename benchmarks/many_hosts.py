"""A web of many hosts on loopback, in a process of its own, that counts what a polite crawler would not do.

    python many_hosts.py mini|documentation

Prints its port, serves until its standard input ends; `http://control.localhost:PORT/report` tells what was
counted. Every name ends in `.localhost`; the Host header says which site is meant.
"""

import asyncio
import gzip
import itertools
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

Answer = tuple[int, Mapping[str, str], bytes]
HTML = {"content-type": "text/html; charset=utf-8"}
DOCUMENTATION = Path("/usr/share/doc")
TREES = (
    (DOCUMENTATION / "openjdk-17-doc/api", "java"),
    (DOCUMENTATION / "linux-doc-6.1/html", "linux"),
    (DOCUMENTATION / "libboost1.74-doc/HTML", "boost"),
    (DOCUMENTATION / "debian-handbook/html", "handbook"),
    (DOCUMENTATION / "installation-guide-amd64", "install"),
    (DOCUMENTATION / "postgresql-doc-15/html", "postgresql"),
    (DOCUMENTATION / "python3.11-doc/html", "python"),
    (Path("/usr/share/gimp/2.0/help"), "gimp"),
    (Path("/usr/share/libreoffice/help"), "office"),
)


@dataclass
class Site:
    """robots: its rules. closed: paths that these forbid. delay_s: the pace that it asks for."""

    answer: Callable[[str], Answer | None]
    robots: str = ""
    closed: tuple[str, ...] = ()
    delay_s: float = 0.0
    is_hostile: bool = False


@dataclass
class Seen:
    """What one host saw."""

    requests: int = 0
    pages: int = 0
    forbidden: int = 0
    too_soon: int = 0
    at_once: int = 0
    most_at_once: int = 0
    connections: int = 0
    most_connections: int = 0
    last_s: float = float("-inf")


@dataclass
class Web:
    sites: dict[str, Site]
    seen: defaultdict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))

    def report(self) -> dict[str, object]:
        honest = [self.seen[name] for name, site in self.sites.items() if not site.is_hostile]
        return {
            "hosts": len(self.sites),
            "hosts_visited": len(self.seen),
            "requests": sum(one.requests for one in self.seen.values()),
            "pages_given": sum(one.pages for one in honest),
            "robots_violations": sum(one.forbidden for one in self.seen.values()),
            "too_soon": sum(one.too_soon for one in self.seen.values()),
            "most_requests_at_once_on_a_host": max(one.most_at_once for one in self.seen.values()),
            "most_connections_of_a_host": max(one.most_connections for one in self.seen.values()),
            "busiest": Counter({name: one.requests for name, one in self.seen.items()}).most_common(5),
        }


async def _connection(web: Web, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    hosts: set[str] = set()
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            host = headers.get("host", "").partition(":")[0]
            if host not in hosts:
                hosts.add(host)
                web.seen[host].connections += 1
                most = web.seen[host].most_connections
                web.seen[host].most_connections = max(most, web.seen[host].connections)
            await _request(web, host, path, writer)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, RuntimeError):
        pass  # the crawler went; uvloop raises RuntimeError for it
    finally:
        for host in hosts:
            web.seen[host].connections -= 1
        writer.close()


async def _request(web: Web, host: str, path: str, writer: asyncio.StreamWriter) -> None:
    if host == "control.localhost":
        del web.seen[host]
        _write(writer, 200, HTML, json.dumps(web.report()).encode())
        return
    site = web.sites.get(host) or web.sites.get(".".join(host.split(".")[-2:]))
    seen, now_s = web.seen[host], time.monotonic()
    seen.requests += 1
    seen.at_once += 1
    seen.most_at_once = max(seen.most_at_once, seen.at_once)
    seen.too_soon += bool(site and seen.requests > 2 and now_s - seen.last_s < site.delay_s * 0.98)
    seen.forbidden += bool(site and path.startswith(site.closed or "\n"))
    seen.last_s = now_s
    try:
        await _answer(site, seen, path, writer)
    finally:
        seen.at_once -= 1


async def _answer(site: Site | None, seen: Seen, path: str, writer: asyncio.StreamWriter) -> None:
    if site and path == "/robots.txt" and site.robots:
        _write(writer, 200, {"content-type": "text/plain"}, site.robots.encode())
        return
    status, headers, body = (site and site.answer(path)) or (404, HTML, b"nothing here")
    seen.pages += status == 200 and "html" in headers.get("content-type", "")
    if "x-endless" in headers:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 10737418240\r\n\r\n")
        for piece in itertools.repeat(body):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(float(headers["x-endless"]))
    _write(writer, status, headers, body)


def _write(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: bytes) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body)


# Sites


def folder(root: Path) -> Callable[[str], Answer | None]:
    """The HTML files under `root`, and a sitemap of them."""
    top = root.resolve()

    def answer(path: str) -> Answer | None:
        name = path.partition("?")[0].lstrip("/") or "index.html"
        file = (top / name).resolve()
        file = file / "index.html" if file.is_dir() else file
        packed = file.with_name(f"{file.name}.gz")
        if not file.is_relative_to(top) or not (file.is_file() or packed.is_file()):
            return None
        body = file.read_bytes() if file.is_file() else gzip.decompress(packed.read_bytes())
        kind = "text/html" if ".html" in file.name or ".htm" in file.name else "application/octet-stream"
        return 200, {"content-type": kind}, body

    return answer


def with_sitemap(
    site: Callable[[str], Answer | None], host: str, root: Path
) -> Callable[[str], Answer | None]:
    """`site` with a sitemap of the HTML files under `root`."""
    paths = [str(file.relative_to(root)) for file in sorted(root.rglob("*.html"))][:40_000]

    def answer(path: str) -> Answer | None:
        if path != "/sitemap.xml":
            return site(path)
        entries = "".join(f"<url><loc>{_base(host)}/{each}</loc></url>" for each in paths)
        return 200, {"content-type": "application/xml"}, f"<urlset>{entries}</urlset>".encode()

    return answer


PORT: list[int] = []


def _base(host: str) -> str:
    return f"http://{host}:{PORT[0]}"


def documentation() -> dict[str, Site]:
    """Every tree of documentation; a large one is split: its first folders are hosts of their own."""
    sites: dict[str, Site] = {}
    for root, name in TREES:
        if not root.is_dir():
            continue
        parts = [d for d in sorted(root.iterdir()) if d.is_dir() and sum(1 for _ in d.rglob("*.html")) >= 20]
        for part in parts or [root]:
            label = f"{name}-{part.name}".lower().replace("_", "-").replace(".", "-").replace("@", "-")
            sites[f"{label}.localhost"] = _documentation(f"{label}.localhost", part, len(sites))
    return sites


def _documentation(host: str, root: Path, number: int) -> Site:
    first = next(
        (d.name for d in sorted(root.iterdir()) if d.is_dir() and not list(d.glob("index.html"))), ""
    )
    closed = (f"/{first}/",) if first and number % 4 == 0 else ()
    delay_s = 0.5 if number % 10 == 3 else 0.0
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    rules += [f"Crawl-delay: {delay_s}"] if delay_s else []
    return Site(with_sitemap(folder(root), host, root), "\n".join(rules), closed, delay_s)


def mini(pages_a_host: int = 150) -> dict[str, Site]:
    """180 honest hosts with real pages, and 20 that are made to catch a crawler."""
    files = [
        f for root, _name in TREES[:2] for f in sorted(root.rglob("*.html")) if f.stat().st_size < 100_000
    ]
    random.Random(1).shuffle(files)
    honest = {f"h{n}.localhost": _honest(n, files, pages_a_host) for n in range(180)}
    traps = _traps()
    return honest | {f"trap{n}.localhost": traps[n % len(traps)] for n in range(20)}


def _honest(number: int, files: list[Path], pages: int) -> Site:
    own = [files[(number * pages + n) % len(files)] for n in range(pages)]
    links = "".join(f'<a href="/p{n}.html">page {n}</a> ' for n in range(pages))
    links += f'<a href="/closed/x">x</a> <a href="http://h{(number + 1) % 180}.localhost:{{port}}/">next</a>'
    others = "".join(f'<a href="http://trap{n}.localhost:{{port}}/">t</a>' for n in range(20))

    def answer(path: str) -> Answer | None:
        if path == "/":
            return 200, HTML, f"<title>Host {number}</title><p>{links}{others}".format(port=PORT[0]).encode()
        named = path.removeprefix("/p").removesuffix(".html")
        return (200, HTML, own[int(named)].read_bytes()) if named.isdigit() and int(named) < pages else None

    return Site(answer, "User-agent: *\nDisallow: /closed/", ("/closed/",))


def _traps() -> list[Site]:
    bomb = gzip.compress(bytes(100_000_000), 9)
    numbers = itertools.count()

    def session(path: str) -> Answer:
        links = "".join(f'<a href="/?visit={next(numbers)}">next</a>' for _ in range(10))
        return 200, HTML, f"<title>Shop</title><p>{'The same words for every visitor. ' * 20}{links}".encode()

    def wildcard(path: str) -> Answer:
        links = "".join(
            f'<a href="http://s{next(numbers)}.wild.localhost:{PORT[0]}/">s</a>' for _ in range(10)
        )
        return 200, HTML, f"<title>{next(numbers)}</title><p>{links}".encode()

    def calendar(path: str) -> Answer:
        day = path.strip("/") or "0"
        links = "".join(f'<a href="/{day}{n}">day</a>' for n in range(10))
        return 200, HTML, f"<title>Day {day}</title><p>Nothing on day {day}. {links}".encode()

    many = "".join(f'<a href="/m{n}">m</a>' for n in range(100_000)).encode()
    answers: list[Callable[[str], Answer]] = [
        lambda path: (200, {**HTML, "content-encoding": "gzip"}, bomb),
        lambda path: (200, {"x-endless": "0.2"}, b"z"),
        lambda path: (200, {"x-endless": "0"}, b"<p>huge " * 20_000),
        lambda path: (302, {"location": f"/{next(numbers)}"}, b""),
        lambda path: (429, {"retry-after": "3600"}, b""),
        session,
        calendar,
        lambda path: (200, HTML, b"<div>" * 60_000),
        lambda path: (200, HTML, many) if path == "/" else (404, HTML, b""),
        wildcard,
    ]
    return [
        Site(lambda path, answer=answer: None if path == "/robots.txt" else answer(path), is_hostile=True)  # type: ignore[misc]
        for answer in answers
    ]


async def main(kind: str) -> None:
    sites = documentation() if kind == "documentation" else mini()
    web = Web(sites)
    server = await asyncio.start_server(lambda r, w: _connection(web, r, w), "127.0.0.1", 0, backlog=500)
    PORT.append(server.sockets[0].getsockname()[1])
    print(
        json.dumps({"port": PORT[0], "hosts": [h for h, s in sites.items() if not s.is_hostile]}), flush=True
    )
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
