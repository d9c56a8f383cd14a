"""The page of health says how all is, also when what looks is away, and keeps nobody waiting."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.service import checkup
from synfonium.apps.operations.service.checkup import CheckUps
from synfonium.kernel.refusals import RoleAway
from synfonium.testing.client import Installation, installation


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    token = await house.person("ana", administrator=True)
    async with house.client(token=token, headers={"accept": "text/html"}) as client:
        yield client


async def test_one_page_says_roles_findings_and_facts(house: Installation, ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/admin")).text
    for words in ("All is well", "Every database is whole.", "answers", "Up since", "One account"):
        assert words in page
    assert page.count('aria-current="page"') == 1


async def test_a_fault_stands_there_once_it_is_looked_for_again(
    house: Installation, ana: httpx.AsyncClient, tmp_path: Path
) -> None:
    assert "thing is wrong" not in (await ana.get("/admin")).text
    (tmp_path / "home").chmod(0o755)
    assert "thing is wrong" not in (await ana.get("/admin")).text, "the last check-up is kept"
    assert (await ana.post("/admin", headers={"sec-fetch-site": "same-origin"})).status_code == 303
    page = (await ana.get("/admin")).text
    assert "One thing is wrong." in page
    assert "Other users of this machine can look into the home." in page


async def test_the_page_is_there_while_the_part_that_looks_is_not(
    house: Installation, ana: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*words: object, **more: object) -> object:
        raise RoleAway

    monkeypatch.setattr(house.context("operations"), "call", away)
    page = await ana.get("/admin")
    assert page.status_code == 200
    assert "It could not be made" in page.text
    assert "Everything answers." in page.text


async def test_a_long_check_up_keeps_nobody_waiting_and_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "WAIT_S", 0.01)
    made, go_on = [], asyncio.Event()

    async def make() -> list[Finding]:
        made.append(1)
        await go_on.wait()
        return [Finding(check="garden.water", state="good", said="It rained.")]

    check_ups = CheckUps(make, lambda: 1000.0)
    both = await asyncio.gather(check_ups.latest(), check_ups.latest(anew=True))
    assert [(one.time_s, one.is_running) for one in both] == [(0.0, True)] * 2
    go_on.set()
    await asyncio.sleep(0.05)
    assert (await check_ups.latest()).findings[0].check == "garden.water"
    assert made == [1]
    await check_ups.close()
