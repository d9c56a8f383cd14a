"""What people and sites may ask to be left out: asked, proved, decided, obeyed, objected to."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.search import store
from synfonium.apps.search.service.duties import control
from synfonium.apps.search.service.duties.blocks import Blocks, words_of
from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.store.duties import BlockRow
from synfonium.testing.client import Installation, installation

PAGES = [
    {"url": f"https://{host}/{n}", "title": f"Page {n}", "text": "Zoé Duvivier et le vent", "lang": "fr"}
    for host in ("val-joli.example", "www.val-joli.example", "mont.example")
    for n in range(3)
]
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        await add(running, tmp_path)
        yield running


async def add(house: Installation, folder: Path) -> None:
    file = folder / "pages.jsonl"
    file.write_text("\n".join(json.dumps(page) for page in PAGES))
    await house.call("search.add", {"paths": [str(file)]})


@pytest.fixture
async def visitor(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(headers=SAME_ORIGIN) as client:
        yield client


@pytest.fixture
async def ada(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    token = await house.person("ada", administrator=True)
    async with house.client(token=token, headers=SAME_ORIGIN) as client:
        yield client


async def found(house: Installation, query: str) -> set[str]:
    async with house.client() as client:
        return {one["url"] for one in (await client.get(f"/api/search?q={query}")).json()["results"]}


async def hosts(house: Installation) -> set[str]:
    return {url.split("/")[2].removeprefix("www.") for url in await found(house, "vent")}


async def asked(visitor: httpx.AsyncClient, **fields: str) -> str:
    answer = await visitor.post("/search/requests", data=fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


class Site:
    """Stands for the web: what is at which address."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages, self.asked = pages, list[str]()

    async def fetch(self, url: str, *, largest_bytes: int) -> Fetched:
        self.asked.append(url)
        body = self.pages.get(url)
        return Fetched(url=url, status=200 if body is not None else 404, body=body or b"")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("way", ["file", "mark"])
async def test_who_controls_a_site_has_it_taken_out_at_once_and_it_stays_out(
    house: Installation, visitor: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    page = await asked(visitor, kind="removal", url="https://val-joli.example/1", is_site="on")
    told = (await visitor.get(page)).text
    token = re.search(r"<code>([a-z2-7]{24})</code>", told)
    assert token
    shown = token[1]
    site = Site({})
    monkeypatch.setattr(house.context("search").service.requests, "_fetcher", lambda: site)
    missed = await visitor.post(f"{page}/prove")
    assert "not found there" in (await visitor.get(missed.headers["location"])).text
    assert await hosts(house) == {"val-joli.example", "mont.example"}
    place = f"/.well-known/synfonium-removal-{shown}" if way == "file" else "/"
    mark = f'<html><head><meta name="synfonium-removal" content="{shown}">'.encode()
    site.pages[f"https://val-joli.example{place}"] = shown.encode() if way == "file" else mark
    assert (await visitor.post(f"{page}/prove")).status_code == 303
    assert await hosts(house) == {"mont.example"}
    whole = house.context("search").index("web", writable=True)
    assert whole.count() == 3, "it has left the index itself"
    kept = await house.context("search").database.read(lambda c: store.sources(c, 10))
    assert [host for host, _pages, _read_s in kept] == ["mont.example"], "and what is kept beside it"
    await add(house, tmp_path)
    assert await hosts(house) == {"mont.example"}
    assert whole.count() == 3, "and an import does not bring it back"
    assert "It is left out" in (await visitor.get(page)).text


async def test_a_stranger_cannot_take_a_site_out(house: Installation, visitor: httpx.AsyncClient) -> None:
    page = await asked(visitor, kind="removal", url="https://127.0.0.1/")
    assert (await visitor.post(f"{page}/prove")).headers["location"].endswith("not_shown"), (
        "nothing local is asked"
    )
    for wrong in (
        page[:-1] + ("a" if page[-1] != "a" else "b"),
        "/search/request/" + "x" * 50,
        "/search/request/é",
    ):
        assert (await visitor.get(wrong)).status_code == 404


async def test_a_page_is_no_longer_found_by_a_name_but_by_other_words(
    house: Installation, visitor: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    page = await asked(
        visitor, kind="delisting", url="https://mont.example/1", name="Zoé Duvivier", text="It is old."
    )
    register = (await ada.get("/admin/search/requests")).text
    assert "It is old." in register
    assert "To be decided by" in register
    id_ = page.rpartition("/")[2][:26]
    decision = {"effect": "name", "statement": "It is ten years old."}
    assert (await ada.post(f"/admin/search/requests/{id_}", data=decision)).status_code == 303
    assert "https://mont.example/1" not in await found(house, "zoe+DUVIVIER+vent")
    assert "https://mont.example/1" in await found(house, "vent")
    told = (await visitor.get(page)).text
    assert "no longer found by this name" in told
    assert "It is ten years old." in told
    assert (await ada.post(f"/admin/search/requests/{id_}", data=decision)).status_code == 404, "decided once"


async def test_a_notice_is_receipted_decided_objected_to_and_answered(
    house: Installation, visitor: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    told = {"kind": "notice", "url": "https://mont.example/2", "reason": "illegal", "text": "An insult."}
    page = await asked(visitor, **told, contact="zoe@example.org")
    id_ = page.rpartition("/")[2][:26]
    where = f"/admin/search/requests/{id_}"
    await ada.post(where, data={"effect": "none", "statement": "It is none."})
    assert "It stays." in (await visitor.get(page)).text
    assert (await visitor.post(f"{page}/object", data={"text": "It is one."})).status_code == 303
    assert (await visitor.post(f"{page}/object", data={"text": "Again."})).status_code == 404, "once"
    assert "It is one." in (await ada.get("/admin/search/requests")).text
    await ada.post(f"{where}/answer", data={"effect": "all", "statement": "You are right."})
    assert "https://mont.example/2" not in await found(house, "vent")
    assert "You are right." in (await visitor.get(page)).text
    public = (await visitor.get("/search/requests")).text
    assert re.search(r"Something illegal</td>(\s*<td[^>]*>\d</td>){3}", public)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "notice", "url": "ftp://x", "text": "x"},
        {"kind": "notice", "url": "https://x.example/"},
        {"kind": "notice", "url": "https://x.example/", "text": "x" * 2001},
        {"kind": "delisting", "url": "https://x.example/", "text": "x"},
        {"kind": "removal", "url": "https://x.example/", "contact": "nobody"},
        {"kind": "removal", "url": ""},
    ],
)
async def test_a_request_that_cannot_be_meant_is_refused_and_keeps_what_was_written(
    visitor: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    answer = await visitor.post("/search/requests", data=fields)
    assert answer.status_code == 422
    assert "<form" in answer.text


async def test_nobody_but_an_administrator_sees_the_register(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/admin/search/requests")).status_code == 303


def test_a_host_covers_what_lies_below_it_and_nothing_beside(house: Installation) -> None:
    blocks = Blocks(house.context("search").database)
    row = {"name": "", "made_s": 0.0}
    blocks.use(
        [
            BlockRow(id="1", url="https://a.example/", is_site=True, **row),  # type: ignore[arg-type]
            BlockRow(id="2", url="https://b.example/p?x=1", is_site=False, **row),  # type: ignore[arg-type]
        ]
    )
    out = ("http://a.example/x", "https://www.a.example/", "https://b.example:443/p?x=1#part")
    assert all(blocks.is_removed(url) for url in out)
    kept = (
        "https://aa.example/",
        "https://example/",
        "https://b.example/p",
        "https://a.example.evil/",
        "x",
        "",
    )
    assert not any(blocks.is_removed(url) for url in kept)


def test_names_are_compared_without_accents_and_capitals() -> None:
    assert words_of("Zoé  DUVIVIER-Martin") == {"zoe", "duvivier", "martin"}


async def test_a_token_elsewhere_in_a_page_shows_nothing() -> None:
    site = Site({"https://a.example/": b"<p>abcdefgh</p><meta name=description content=abcdefgh>"})
    assert not await control.is_shown(site, "https://a.example/x", "abcdefgh")  # type: ignore[arg-type]
    assert site.asked[0] == "https://a.example/.well-known/synfonium-removal-abcdefgh"
