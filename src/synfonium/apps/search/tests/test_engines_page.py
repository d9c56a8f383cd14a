"""What administrators see of the engines of others."""

from pathlib import Path

import httpx
import pytest

from synfonium.apps.search.tests.engine_server import answer, engine_server
from synfonium.apps.search.tests.recorded_answers import ANSWERS
from synfonium.testing.client import installation


async def test_an_administrator_sees_which_engines_are_on_and_tests_one(tmp_path: Path) -> None:
    async with engine_server() as engine:
        engine.said = answer(ANSWERS["searxng"].encode())
        settings = {
            "SYNFONIUM_SEARCH_OUTSIDE": f"searxng={engine.url}, mwmbl, staan",
            "SYNFONIUM_SEARCH_OUTSIDE_LOCAL": "true",
        }
        async with installation(tmp_path / "home", settings) as house:
            token = await house.person("ada", administrator=True)
            async with house.client(token=token, headers={"accept-language": "en"}) as client:
                page = await client.get("/admin/search/engines")
                assert page.status_code == 200
                assert page.text.count("· on") == 2
                assert "Its key is missing" in page.text
                assert engine.received == [], "to look at the page asks nobody"
                tested = await _test(client, "searxng")
                assert "It answered with 2 results." in tested.text
                engine.said = answer(b"<html>")
                assert "not in its documented form" in (await _test(client, "searxng")).text
                assert (await _test(client, "marginalia")).status_code == 404


async def _test(client: httpx.AsyncClient, name: str) -> httpx.Response:
    return await client.post("/admin/search/engines/test", data={"name": name})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/admin/search/engines"), ("POST", "/admin/search/engines/test")]
)
async def test_nobody_but_an_administrator_comes_in(tmp_path: Path, method: str, path: str) -> None:
    body = {"data": {"name": "wikipedia"}} if method == "POST" else {}
    async with installation(tmp_path / "home") as house:
        async with house.client(headers={"accept": "application/json"}) as client:
            assert (await client.request(method, path, **body)).status_code == 401
        async with house.client(token=await house.person("bob")) as client:
            assert (await client.request(method, path, **body)).status_code == 403
