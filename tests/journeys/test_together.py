"""A person's own things and the web, found at one place; who asks is never told to the web index."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.server import RealServer, real_server

pytestmark = pytest.mark.full
SEEN_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("together") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def ana(server: RealServer) -> Iterator[httpx.Client]:
    token = server.person("ana")
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


def eventually(look: Callable[[], bool]) -> float:
    """Seconds until `look` is true; fails after SEEN_WITHIN_S."""
    began_s = time.monotonic()
    while not look():
        assert time.monotonic() - began_s < SEEN_WITHIN_S
        time.sleep(0.05)
    return time.monotonic() - began_s


def mine(client: httpx.Client, query: str) -> list[str]:
    answer = client.get("/fabric/search", params={"q": query})
    assert answer.status_code == 200, answer.text
    return [hit["title"] for hit in answer.json()["hits"]]


def test_a_file_is_found_by_its_name_and_by_its_text(ana: httpx.Client) -> None:
    ana.put("/dav/files/ana/Recette du clafoutis.md", content=b"Deux cents grammes de mirabelles")
    eventually(lambda: mine(ana, "clafoutis") == ["Recette du clafoutis.md"])
    assert mine(ana, "mirabelles") == ["Recette du clafoutis.md"]


def test_a_file_in_the_trash_is_not_found(ana: httpx.Client) -> None:
    ana.put("/dav/files/ana/brouillon.txt", content=b"ornithorynque")
    eventually(lambda: mine(ana, "ornithorynque") == ["brouillon.txt"])
    ana.delete("/dav/files/ana/brouillon.txt")
    eventually(lambda: mine(ana, "ornithorynque") == [])


def test_nobody_finds_what_is_anothers(server: RealServer, ana: httpx.Client) -> None:
    ana.put("/dav/files/ana/secret.txt", content=b"hippocampe")
    eventually(lambda: mine(ana, "hippocampe") == ["secret.txt"])
    token = server.person("bob")
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as bob:
        assert mine(bob, "hippocampe") == []
    assert httpx.get(f"{server.url}/fabric/search", params={"q": "hippocampe"}).status_code == 401


def test_the_home_page_shows_own_things_beside_web_results(
    server: RealServer, ana: httpx.Client, tmp_path: Path
) -> None:
    page = {
        "url": "https://jardin.example/tomates",
        "title": "Semer des tomates",
        "text": "Le semis de tomates se fait au chaud, en mars.",
        "lang": "fr",
    }
    pages = tmp_path / "pages.jsonl"
    pages.write_text(json.dumps(page) + "\n")
    server.run("search", "add", str(pages))
    ana.put("/dav/files/ana/Mes tomates.txt", content=b"Semis des tomates le 12 mars")
    eventually(lambda: "Mes tomates.txt" in mine(ana, "tomates"))
    html = ana.get("/", params={"q": "tomates"}, headers={"accept": "text/html"}).text
    assert "Mes <mark>tomates</mark>.txt" in html
    assert "https://jardin.example/tomates" in html


def without_timing(page: str) -> str:
    """The page but for how long it took, which differs from one search to the next."""
    return re.sub(r"in [0-9.,]+ s", "in … s", page)


def test_the_web_search_answers_alike_whoever_asks(server: RealServer, ana: httpx.Client) -> None:
    theirs = ana.get("/search", params={"q": "tomates"}, headers={"accept": "text/html"})
    anybodys = httpx.get(f"{server.url}/search", params={"q": "tomates"}, headers={"accept": "text/html"})
    assert without_timing(theirs.text) == without_timing(anybodys.text)
    assert "set-cookie" not in theirs.headers
