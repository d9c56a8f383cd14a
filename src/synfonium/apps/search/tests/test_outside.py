"""Other engines on the page of results and in the API: only who wishes it asks them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from synfonium.apps.search.tests.engine_server import EngineServer, answer, engine_server
from synfonium.apps.search.tests.recorded_answers import ANSWERS
from synfonium.testing.client import Installation, installation

PAGES = [
    {"url": "https://ville.example/mairie", "title": "Mairie", "text": "La mairie ouvre.", "lang": "fr"},
    {"url": "https://nous.example/", "title": "Nous", "text": "Près de la mairie.", "lang": "fr"},
]
WORDS = "mairie canary5521word"


class House:
    def __init__(self, running: Installation, engine: EngineServer, home: Path) -> None:
        self.running, self.engine, self.home = running, engine, home

    async def get(self, path: str, **headers: str) -> httpx.Response:
        sent = {"accept": "text/html", "accept-language": "en", **headers}
        async with self.running.client(headers=sent) as client:
            return await client.get(path)


async def _house(stack: AsyncExitStack, folder: Path, **settings: str) -> House:
    engine = await stack.enter_async_context(engine_server())
    engine.said = answer(ANSWERS["searxng"].encode())
    given = {
        "SYNFONIUM_SEARCH_OUTSIDE": f"searxng={engine.url}",
        "SYNFONIUM_SEARCH_OUTSIDE_LOCAL": "true",
        "SYNFONIUM_SEARCH_OUTSIDE_DEADLINE_MS": "3000",
        **settings,
    }
    running = await stack.enter_async_context(installation(folder / "home", given))
    file = folder / "pages.jsonl"
    file.write_text("\n".join(json.dumps(page) for page in PAGES))
    await running.call("search.add", {"paths": [str(file)]})
    return House(running, engine, folder / "home")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield await _house(stack, tmp_path)


async def test_who_wishes_it_sees_what_others_found_and_from_where(house: House) -> None:
    page = await house.get("/search?q=mairie&outside=1")
    assert "https://autre.example/" in page.text
    assert "From SearXNG" in page.text
    assert "Also found by SearXNG" in page.text
    assert page.text.count('href="https://ville.example/mairie"') == 1
    assert "Asked outside" in page.text
    assert 'rel="noreferrer nofollow">Autre' in page.text
    assert len(house.engine.received) == 1


async def test_a_question_to_our_own_index_opens_no_socket(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*given: object, **more: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", forbidden)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", forbidden)
    page = await house.get("/search?q=mairie")
    assert "Ask SearXNG too" in page.text
    assert "https://ville.example/mairie" in page.text
    assert (await house.get("/api/search?q=mairie", accept="application/json")).json()["total"] == 2
    assert (await house.get("/search?q=mairie&outside=1&prefs=v1;safe=strict")).status_code == 200
    assert (await house.get("/search?q=mairie&outside=0")).status_code == 200
    assert house.engine.received == []


async def test_an_engine_learns_the_same_whoever_asks(house: House) -> None:
    token = await house.running.person("ada", administrator=True)
    await house.get("/search?q=mairie&outside=1", **{"user-agent": "one", "accept-language": "en"})
    await house.get(
        "/search?q=mairie&outside=1",
        authorization=f"Bearer {token}",
        cookie="session=abc",
        referer="https://elsewhere.example/",
        **{"user-agent": "two", "accept-language": "fr", "x-forwarded-for": "203.0.113.9"},
    )
    first, second = house.engine.received
    assert first == second


async def test_programs_are_told_where_each_result_is_from(house: House) -> None:
    found = (await house.get("/api/search?q=mairie&outside=1", accept="application/json")).json()
    sources = {result["url"]: result["sources"] for result in found["results"]}
    assert sources == {
        "https://ville.example/mairie": ["", "searxng"],
        "https://nous.example/": [""],
        "https://autre.example/": ["searxng"],
    }
    assert found["outside"] == {"searxng": "answered"}
    plain = (await house.get("/api/search?q=mairie", accept="application/json")).json()
    assert [result["sources"] for result in plain["results"]] == [[""], [""]]
    assert plain["outside"] == {}


async def test_a_form_may_ask_others_without_words_in_an_address(house: House) -> None:
    async with house.running.client(headers={"accept": "text/html", "accept-language": "en"}) as client:
        page = await client.post("/search", data={"q": "mairie", "outside": "1"})
        assert "https://autre.example/" in page.text
        assert 'name="outside" value="1"' in page.text
        page = await client.post("/search", data={"q": "mairie"})
        assert 'value="outside:1"' in page.text


async def test_a_site_that_a_person_blocks_comes_by_no_other_way(house: House) -> None:
    page = await house.get("/search?q=mairie&outside=1&prefs=v1;block=autre.example")
    assert "https://autre.example/" not in page.text


async def test_who_is_too_slow_is_left_out_and_said(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        house = await _house(stack, tmp_path, SYNFONIUM_SEARCH_OUTSIDE_DEADLINE_MS="100")
        house.engine.wait_s = 30
        page = await house.get("/search?q=mairie&outside=1")
        assert "too slow, left out" in page.text
        assert "https://ville.example/mairie" in page.text


async def test_an_operator_may_have_others_asked_for_everybody(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        house = await _house(stack, tmp_path, SYNFONIUM_SEARCH_OUTSIDE_ALWAYS="true")
        assert "https://autre.example/" in (await house.get("/search?q=mairie")).text


async def test_words_that_others_were_asked_are_written_nowhere(
    house: House, capfd: pytest.CaptureFixture[str]
) -> None:
    house.engine.said = answer(b"{}", status="500 Oh")
    for _ in range(4):
        await house.get(f"/search?q={WORDS}&outside=1", **{"x-forwarded-for": "203.0.113.77"})
    output = capfd.readouterr()
    assert "search.engine_failed" in output.err
    assert "canary5521" not in output.out + output.err
    for path in house.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"canary5521" not in content, path
            assert b"203.0.113.77" not in content, path
