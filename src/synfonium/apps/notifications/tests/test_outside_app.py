"""A stranger's app, registered by its manifest alone, tells the person who let it in something."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.fabric.tests.outside_app import (
    APP_ORIGIN,
    SAME_ORIGIN,
    OutsideApp,
    choices_in,
    code_in,
    manifest,
    sealed_in,
)
from synfonium.testing.client import Installation, installation


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


async def let_in(house: Installation, ana: httpx.AsyncClient) -> str:
    """Ana picks tea.txt for the app; its token."""
    described = manifest() | {"name": {"en": "Hello, tea", "fr": "Bonjour, thé"}}
    hello = await OutsideApp.install(house, described)
    page = await hello.open(ana, {"actions": ["read"]})
    form = {"request": sealed_in(page), "chosen": [choices_in(page)[0]], "decision": "give"}
    back = code_in(await ana.post("/fabric/pick", data=form))
    return str((await hello.token(back["code"])).json()["access_token"])


async def test_a_strangers_app_tells_something_and_leads_to_itself_alone(house: Installation) -> None:
    own = await house.person("ana")
    async with house.client(token=own) as files:
        await files.request("PUT", "/dav/files/ana/tea.txt", content=b"tea")
    async with house.client(headers=SAME_ORIGIN) as ana:
        await ana.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        token = await let_in(house, ana)
    notice = {"topic": "tea", "topic_title": "Tea", "title": "Your tea is ready.", "url": f"{APP_ORIGIN}/tea"}
    async with house.client(token=token) as app:
        assert (await app.post("/notifications", json=notice)).status_code == 200
        for url in (
            f"{APP_ORIGIN}.evil.example/",
            f"{APP_ORIGIN}@evil.example/",
            "http://evil.example/",
            APP_ORIGIN,
        ):
            answer = await app.post("/notifications", json={**notice, "url": url})
            assert (answer.status_code, answer.json()["code"]) == (422, "notifications.bad_notice"), url
        assert (await app.get("/api/notifications")).status_code == 403
    async with house.client(token=own, headers={"accept-language": "fr"}) as reader:
        for _try in range(50):
            items = (await reader.get("/api/notifications")).json()["items"]
            found = {item["app"]: item for item in items}
            if {"hello", "fabric"} <= set(found):
                break
            await asyncio.sleep(0.1)
        assert found["hello"]["app_title"] == "Bonjour, thé"
        opened = await reader.get(f"/notifications/{found['hello']['id']}")
        assert opened.headers["location"] == f"{APP_ORIGIN}/tea"
        assert "Tea" in (await reader.get("/settings/notifications")).text
    assert found["fabric"]["title"] == "Hello, tea peut désormais lire «\u00a0tea.txt\u00a0»."
    assert found["fabric"]["urgency"] == "low"
