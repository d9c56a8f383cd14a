"""What people ask and from where stays nowhere; their names and files' names only where declared."""

import base64
import json
import re
import resource
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright
from tests.architecture.house import metadata_of, own_apps
from tests.journeys.serving import Server, serving, stop
from tests.journeys.traces import files_in, forms, hits, open_files_of

pytestmark = [pytest.mark.full, pytest.mark.timeout(240)]

PEER = "127.0.0.77"
ACCOUNT = "zoe.duvivier"
HEADERS = ("x-forwarded-for", "x-real-ip", "true-client-ip", "x-client-ip", "cf-connecting-ip", "forwarded")


@dataclass(frozen=True)
class Visit:
    """A server that people used, and what of them must not be found."""

    server: Server
    temporary: Path
    asked: dict[str, str]
    named: dict[str, str]
    pages: list[httpx.Response]

    def scanned(self) -> Iterator[Path]:
        """Every file that the server has written or holds open."""
        pids = [self.server.process.pid, *self.server.roles().values()]
        held = chain.from_iterable(open_files_of(pid) for pid in pids)
        return chain(files_in(self.server.home, self.temporary), [self.server.log], held)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    folder = tmp_path_factory.mktemp("privacy")
    temporary = folder / "tmp"
    temporary.mkdir()
    settings = {"TMPDIR": str(temporary), "SYNFONIUM_TRUSTED_PROXIES": "127.0.0.0/8"}
    with serving(folder / "home", settings) as server:
        asked = _questions()
        named = _names()
        token = _furnish(server, folder, named)
        pages = _ask(server, token, asked, named)
        yield Visit(server, temporary, asked, named, pages)


def _questions() -> dict[str, str]:
    mark = secrets.token_hex(5)
    return {
        "one word": f"Qvzx{mark}",
        "two words": f"mélèze{mark} où",
        "suggested": f"wkjq{secrets.token_hex(5)}",
        "at home": f"huître{secrets.token_hex(5)}",
        "in the own things": f"fjord{secrets.token_hex(5)}",
        "peer": PEER,
        "address in a header": "198.51.100.231",
        "address of six": "2001:db8:5ec:7::231",
        "browser": f"Agent{secrets.token_hex(6)}",
    }


def _names() -> dict[str, str]:
    mark = secrets.token_hex(4)
    return {"person": f"Zoé Duvivier{mark}", "file": f"facture-é{mark}.txt", "folder": f"Notaire{mark}"}


def _furnish(server: Server, folder: Path, named: dict[str, str]) -> str:
    """A person with files, and pages to find. Gives a token of theirs."""
    token = server.person(ACCOUNT, administrator=True, display=named["person"])
    documents = [
        {"url": f"http://example.test/{n}", "title": f"Page {n}", "text": "le vent et le sel"}
        for n in range(9)
    ]
    pages = folder / "pages.jsonl"
    pages.write_text("\n".join(json.dumps(document) for document in documents))
    server.run("search", "add", str(pages))
    with httpx.Client(base_url=server.local, auth=(ACCOUNT, token), timeout=20) as client:
        assert client.request("MKCOL", f"/dav/files/{ACCOUNT}/{named['folder']}").status_code == 201
        text = b"Le texte d'un dossier, avec du vent."
        put = client.put(f"/dav/files/{ACCOUNT}/{named['folder']}/{named['file']}", content=text)
        assert put.status_code == 201
    return token


def _ask(server: Server, token: str, asked: dict[str, str], named: dict[str, str]) -> list[httpx.Response]:
    told = f"{asked['address in a header']}, {asked['address of six']}"
    headers = dict.fromkeys(HEADERS, told) | {"forwarded": f'for="[{asked["address of six"]}]"'}
    headers |= {
        "user-agent": f"Mozilla/5.0 {asked['browser']}",
        "accept": "text/html",
        "referer": server.local,
    }
    client = httpx.Client(
        base_url=server.local,
        headers=headers,
        timeout=20,
        transport=httpx.HTTPTransport(local_address=PEER),
    )
    with client:
        search = [
            client.get("/"),
            client.get("/search", params={"q": asked["one word"]}),
            client.get("/search", params={"q": f"{asked['two words']} vent", "lang": "fr", "page": "1"}),
            client.post("/search", data={"q": asked["two words"]}),
            client.get("/api/search", params={"q": asked["one word"]}),
            client.get("/api/search/suggest", params={"q": asked["suggested"]}),
            client.get("/opensearch.xml"),
        ]
        client.get("/api/search", params={"q": "vent", "page": asked["one word"]})
        client.get(f"/{asked['one word']}")
        client.get("/static/" + asked["one word"])
        client.post("/signin", data={"name": asked["one word"], "password": asked["suggested"]})
        bearer = {"authorization": f"Bearer {token}"}
        for path, query in (
            ("/", "at home"),
            ("/fabric/search", "in the own things"),
            ("/search", "at home"),
        ):
            answer = client.get(path, params={"q": asked[query]}, headers=bearer)
            assert answer.status_code == 200, (path, answer.text[:300])
        file = f"/dav/files/{ACCOUNT}/{named['folder']}/{named['file']}"
        assert client.get(file, headers=bearer).status_code == 200
        for path in ("/drive", "/drive/trash", "/settings", "/admin", "/fabric/grants", "/pc"):
            assert client.get(path, headers=bearer).status_code == 200
        _come_in(client)
    return search


def _come_in(client: httpx.Client) -> None:
    """By password, so that there is a session; then the home page with its cookie."""
    entered = client.post("/signin", data={"name": ACCOUNT, "password": f"{ACCOUNT}-password-1"})
    assert entered.status_code == 303
    assert client.get("/").status_code == 200
    client.cookies.clear()


@pytest.mark.parametrize("form", sorted(forms("x")))
def test_the_scan_finds_what_is_planted(tmp_path: Path, form: str) -> None:
    text = "où mélèze4f3a"
    for before in range(4):
        (tmp_path / "file").write_bytes(b"\0" * before + forms(text)[form] + b"\xff" * 5)
        assert hits({"it": text}, files_in(tmp_path))


@pytest.mark.parametrize("before", range(6))
def test_the_scan_finds_it_inside_something_encoded(tmp_path: Path, before: int) -> None:
    around = b"x" * before + "où mélèze4f3a".encode() + b"&page=1"
    (tmp_path / "file").write_bytes(base64.b64encode(around))
    assert hits({"it": "où mélèze4f3a"}, files_in(tmp_path))


def test_the_scan_reaches_every_place_where_a_server_writes(visit: Visit) -> None:
    places = [visit.server.home / "databases", visit.server.home / "run", visit.temporary]
    for place in places:
        planted = place / "planted"
        planted.write_text(f"GET /search?q={visit.asked['one word']}")
        assert hits({"it": visit.asked["one word"]}, visit.scanned()), place
        planted.unlink()


def test_no_query_and_no_address_is_anywhere(visit: Visit) -> None:
    assert [page.status_code for page in visit.pages] == [200] * len(visit.pages)
    assert hits(visit.asked, visit.scanned()) == []


def test_logs_say_what_happened_and_nobodys_name(visit: Visit) -> None:
    log = visit.server.logged()
    assert hits({**visit.asked, **visit.named, "account": ACCOUNT}, iter([visit.server.log])) == []
    assert "Synfonium is at" in log


def test_metrics_say_nothing_personal(visit: Visit) -> None:
    metrics = httpx.get(f"{visit.server.local}/metrics")
    # A trusted proxy's machine is not this machine.
    assert metrics.status_code == 401
    token = visit.server.run("user", "token", ACCOUNT, "--label", "metrics").stdout.split()[-1]
    text = httpx.get(f"{visit.server.local}/metrics", headers={"authorization": f"Bearer {token}"}).text
    assert "http_requests_total" in text
    for value in (*visit.asked.values(), *visit.named.values(), ACCOUNT):
        assert value not in text


def test_names_are_only_in_columns_declared_personal(visit: Visit) -> None:
    declared = {
        (table.name, column)
        for app in own_apps()
        for metadata in metadata_of(app)
        for table in metadata.tables.values()
        for column in table.info["personal"]
    }
    found = set(_columns_with(visit.server.home, list(visit.named.values())))
    assert {table for table, _column in found} >= {"identity_person", "drive_node"}
    assert found - declared == set()


def _columns_with(home: Path, texts: list[str]) -> Iterator[tuple[str, str]]:
    """Table and column of every value that holds one of the texts, in any form."""
    wanted = [value for text in texts for value in forms(text).values()]
    for path in (home / "databases").glob("*.sqlite"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                cursor = connection.execute(f'SELECT * FROM "{table}"')
                columns = [column for column, *_rest in cursor.description]
                for row in cursor:
                    for column, value in zip(columns, row, strict=True):
                        content = value if isinstance(value, bytes) else str(value).encode()
                        if any(one in content for one in wanted):
                            yield table, column


def test_names_are_in_no_other_file_but_a_declared_index(visit: Visit) -> None:
    declared = set()
    for app in own_apps():
        store = import_module(f"{app.package}.store") if app.migrations else None
        declared |= {f"{app.name}-{name}" for name in getattr(store, "PERSONAL_INDEXES", {})}
    home = visit.server.home
    allowed = [home / "databases", *(home / "indexes" / name for name in declared)]
    others = (path for path in visit.scanned() if not any(path.resolve().is_relative_to(a) for a in allowed))
    assert hits(visit.named, others) == []


def test_search_pages_keep_nothing_in_the_browser_and_ask_nobody_else(
    visit: Visit, program: Callable[[str], str]
) -> None:
    assert [page.headers.get("set-cookie") for page in visit.pages] == [None] * len(visit.pages)
    local = visit.server.local
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        for path in ("/", "/search?q=vent", "/bot"):
            page.goto(local + path)
            page.wait_for_load_state("networkidle")
        kept = page.evaluate(
            "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
            " (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]"
        )
        assert context.cookies() == []
        assert kept == [0] * 5
        assert {re.sub(r"^(\w+://[^/]+).*", r"\1", url) for url in asked} == {local}
        browser.close()


def test_no_process_leaves_a_core_dump(visit: Visit) -> None:
    roles = visit.server.roles()
    assert set(roles) == {"web", "gateway", "worker"}
    for pid in (visit.server.process.pid, *roles.values()):
        assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)


def test_a_hardened_process_gives_nobody_its_memory() -> None:
    asked = "print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE))"
    before = "import ctypes; from synfonium.kernel.hardening import harden; PR_GET_DUMPABLE = 3"
    for act, told in (("pass", "1"), ("harden()", "0")):
        words = [sys.executable, "-c", f"{before}; {act}; {asked}"]
        assert subprocess.run(words, capture_output=True, text=True, timeout=20).stdout.strip() == told


def test_the_server_proves_its_promises_by_itself(visit: Visit, tmp_path: Path) -> None:
    told = visit.server.run("trust", "report", "--out", str(tmp_path / "report.json"))
    states = [line.split()[:2] for line in told.stdout.splitlines() if "search." in line]
    assert len(states) >= 10
    assert {state for state, _promise in states} == {"kept"}, told.stdout
    page = httpx.get(f"{visit.server.local}/search/privacy", headers={"accept": "text/html"})
    assert page.text.count('data-state="kept"') == len(states)


def test_nothing_is_found_after_the_end_either(visit: Visit) -> None:
    """Last: databases have taken in their logs, indexes were closed."""
    stop(visit.server)
    assert hits(visit.asked, visit.scanned()) == []
