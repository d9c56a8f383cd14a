"""Administrators, and nobody else, say what is read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.corpora.mini_web import html, pages, serve

from synfonium.testing.client import Installation, installation


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def token(house: Installation) -> str:
    return await house.person("ada", administrator=True)


DOORS = [
    ("GET", "/admin/search"),
    ("GET", "/admin/search/progress"),
    ("GET", "/admin/search/crawls/x"),
    ("GET", "/admin/search/scopes"),
    ("POST", "/admin/search/scopes"),
    ("POST", "/admin/search/pause"),
    ("POST", "/admin/search/resume"),
    ("POST", "/admin/search/crawl"),
    ("POST", "/admin/search/stop"),
    ("POST", "/admin/search/import"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_only_administrators_come_in(house: Installation, method: str, path: str) -> None:
    body = (
        {"data": {"seeds": "https://example.org", "crawl_id": "x", "name": "x"}} if method == "POST" else {}
    )
    if path.endswith("import"):
        body = {"files": {"file": ("pages.jsonl", b"{}")}}
    async with house.client(headers={"accept": "application/json"}) as client:
        assert (await client.request(method, path, **body)).status_code == 401
    async with house.client(token=await house.person("bob")) as client:
        assert (await client.request(method, path, **body)).status_code == 403


async def test_an_administrator_sees_an_empty_index(house: Installation, token: str) -> None:
    async with house.client(token=token, headers={"accept-language": "fr"}) as client:
        page = await client.get("/admin/search")
    assert page.status_code == 200
    assert "Rien n’a encore été lu" in page.text


async def test_a_file_is_imported_and_counted_by_site(house: Installation, token: str) -> None:
    line = b'{"url": "https://a.example/x", "title": "Marmot", "text": "A marmot whistles.", "lang": "en"}\n'
    async with house.client(token=token) as client:
        done = await client.post("/admin/search/import", files={"file": ("pages.jsonl", line)})
        assert done.status_code == 303
        page = await client.get(done.headers["location"])
        assert "a.example" in page.text
        assert (await client.get("/api/search?q=marmots")).json()["total"] == 1


@pytest.mark.parametrize(
    ("name", "body"), [("evil.exe", b"x"), ("x.jsonl", b"not json\n"), ("x.warc.gz", b"\x1f\x8bno")]
)
async def test_a_file_that_is_none_of_ours_is_refused(
    house: Installation, token: str, name: str, body: bytes
) -> None:
    async with house.client(token=token) as client:
        done = await client.post("/admin/search/import", files={"file": (name, body)})
    assert done.status_code == 422
    assert name.rpartition(".")[2] in done.text
    assert not list((house.context("search").folder).glob("import-*")), "nothing is left behind"


async def test_a_crawl_starts_by_itself_and_is_seen_to_its_end(house: Installation, token: str) -> None:
    async with house.client(token=token) as client:
        asked = await client.post(
            "/admin/search/crawl", data={"seeds": "http://127.0.0.1:9/ http://10.0.0.1/"}
        )
        assert asked.status_code == 303
        crawl = {}
        for _ in range(100):
            crawl = (await client.get("/admin/search/progress")).json()["crawls"][0]
            if crawl["state"] == "done":
                break
            await asyncio.sleep(0.1)
    assert crawl["state"] == "done"
    assert crawl["report"]["failed"] == 2, "private addresses are refused unless they are allowed"
    assert crawl["report"]["indexed"] == 0


@pytest.mark.parametrize("seeds", ["javascript:alert(1)", "ftp://example.org", "http://user:pw@example.org/"])
async def test_what_is_no_web_address_is_refused_and_nothing_written(
    house: Installation, token: str, seeds: str
) -> None:
    async with house.client(token=token) as client:
        assert (await client.post("/admin/search/crawl", data={"seeds": seeds})).status_code == 422
        assert (await client.get("/admin/search/progress")).json()["crawls"] == []
        assert (
            await client.post("/admin/search/crawl", data={"seeds": "x", "max_pages": "0"})
        ).status_code == 422
        assert (await client.post("/admin/search/stop", data={"crawl_id": "nothing"})).status_code == 404


async def test_a_crawl_is_watched_paused_and_let_go_on(house: Installation, token: str) -> None:
    site = pages({"/": html('<p>start <a href="/a">a</a> <a href="/gone">b</a>'), "/a": html("<p>a")})
    with serve({"town.localhost": site}) as web:
        form = {"seeds": web.url("town.localhost"), "private": "on", "again": "on"}
        async with house.client(token=token) as client:
            assert (await client.post("/admin/search/crawl", data=form)).status_code == 303
            address, page = "", ""
            for _ in range(150):
                crawl = (await client.get("/admin/search/progress")).json()["crawls"][0]
                address = f"/admin/search/crawls/{crawl['id']}"
                page = (await client.get(address)).text
                if crawl["report"]["indexed"] == 2 and "not there any more" in page:
                    break
                await asyncio.sleep(0.1)
            assert "town.localhost" in page
            assert "<rect" in page
            assert "not there any more" in page
            assert (
                await client.post("/admin/search/pause", data={"crawl_id": crawl["id"]})
            ).status_code == 303
            assert "paused" in (await client.get(address)).text
            await client.post("/admin/search/resume", data={"crawl_id": crawl["id"]})
            assert "data-live" in (await client.get(address)).text
            await client.post("/admin/search/stop", data={"crawl_id": crawl["id"]})
            assert (await client.get("/admin/search/crawls/nothing")).status_code == 404


async def test_a_scope_is_made_changed_and_removed_on_its_page(house: Installation, token: str) -> None:
    async with house.client(token=token) as client:
        form = {"name": "Town", "lines": "town.example\nhttps://b.example/x/", "languages": "fr"}
        assert (await client.post("/admin/search/scopes", data=form)).status_code == 303
        page = (await client.get("/admin/search/scopes?name=Town")).text
        assert "https://b.example/x/" in page
        assert "Town" in (await client.get("/admin/search")).text
        refused = await client.post("/admin/search/scopes", data={**form, "lines": "no host at all"})
        assert refused.status_code == 422
        assert "no host at all" in refused.text, "what was typed is not lost"
        await client.post("/admin/search/scopes", data={"name": "Town", "lines": "", "remove": "on"})
        assert "town.example" not in (await client.get("/admin/search/scopes")).text
