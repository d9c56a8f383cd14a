"""Whoever added an app reads how it takes what it is told, and has it told again; without script."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation, installation

from .events_house import Someone, described
from .site import Site, site
from .test_events_webhooks import FILES, scripted, until

HERE, EVERYBODYS = "/fabric/apps/hello", "/admin/fabric-apps/hello"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    settings = {
        "SYNFONIUM_FABRIC_LOCAL_APPS": "true",
        "SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false",
    }
    async with installation(tmp_path / "home", settings) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    return await Someone.come(house, "ana")


@pytest.fixture
async def there() -> AsyncIterator[Site]:
    async with site() as found:
        yield found


async def installed(house: Installation, there: Site, *statuses: int, person: str = "ana") -> None:
    there.answer = scripted(*statuses)  # type: ignore[assignment]
    manifest = json.dumps(described(listens=FILES))
    given = {"manifest": manifest, "origin": there.origin, "person": person}
    await house.call("fabric.app_install", given)


async def shown(browser: httpx.AsyncClient, path: str, language: str = "en") -> str:
    answer = await browser.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_an_app_that_said_stop_is_told_again_when_its_owner_presses_the_button(
    house: Installation, ana: Someone, there: Site
) -> None:
    await installed(house, there, 200, 410, 200)
    await ana.give("hello", "drive:root")
    page = await shown(ana.browser, HERE)
    assert "What it is told" in page
    assert f"{HERE}/resume" not in page
    for name in ("one.txt", "two.txt"):
        await ana.put(name)
        await there.message()
    await until(house, lambda now: now.state.stopped_s > 0)
    page = await shown(ana.browser, HERE)
    assert "It is told nothing any more." in page
    assert "is told nothing since" in await shown(ana.browser, "/fabric/apps")
    bob = await Someone.come(house, "bob")
    assert (await bob.browser.post(f"{HERE}/resume")).status_code == 404
    assert (await ana.browser.post(f"{EVERYBODYS}/resume")).status_code == 403
    assert "It is told nothing any more." in await shown(ana.browser, HERE)
    assert f'action="{HERE}/resume"' in page
    resumed = await ana.browser.post(f"{HERE}/resume")
    assert (resumed.status_code, resumed.headers["location"]) == (303, HERE)
    await ana.put("three.txt")
    await there.message()
    await until(house, lambda now: now.state.sent == 2)
    assert "nothing any more" not in await shown(ana.browser, HERE)


async def test_an_app_that_fails_is_said_to_wait_with_its_answer_and_is_tried_at_once_when_asked(
    house: Installation, ana: Someone, there: Site
) -> None:
    await installed(house, there, 503, 200)
    await ana.give("hello", "drive:root")
    await ana.put("one.txt")
    await there.message()
    await until(house, lambda now: now.state.failures == 1)
    page = await shown(ana.browser, HERE)
    assert "It answered 503." in page
    assert "It is tried again on" in page
    assert '<dt>waiting</dt><dd class="num">1</dd>' in page
    assert "<dt>taken last</dt><dd>never</dd>" in page
    assert "Elle a répondu 503." in await shown(ana.browser, HERE, "fr")
    await ana.browser.post(f"{HERE}/resume")
    async with asyncio.timeout(3):
        await there.message()
    found = await until(house, lambda now: now.waiting == 0)
    assert found.state.delivered_s > 0
    page = await shown(ana.browser, HERE)
    assert "<dt>taken last</dt><dd>never</dd>" not in page
    assert "It answered" not in page


async def test_an_operator_sees_which_apps_of_everybody_take_nothing_and_resumes_them(
    house: Installation, ana: Someone, there: Site
) -> None:
    await installed(house, there, 410, 200, person="")
    await ana.give("hello", "drive:root")
    await ana.put("one.txt")
    await there.message()
    await until(house, lambda now: now.state.stopped_s > 0)
    await house.person("root", administrator=True)
    async with house.client(headers={"sec-fetch-site": "same-origin", "accept": "text/html"}) as operator:
        await operator.post("/signin", data={"name": "root", "password": "root-password-1"})
        assert "is told nothing since" in await shown(operator, "/admin/fabric-apps")
        assert (await operator.post(f"{EVERYBODYS}/resume")).status_code == 303
        assert "is told nothing since" not in await shown(operator, "/admin/fabric-apps")
    await ana.put("two.txt")
    await there.message()
