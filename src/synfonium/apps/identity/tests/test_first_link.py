"""The first administrator comes in by a link that works once, for an hour, while nobody administers."""

import httpx

from synfonium.testing.client import Installation

from .authenticator import SoftAuthenticator
from .conftest import MovedClock

ADA = {"name": "ada", "display": "Ada", "password": "correct horse battery"}


async def secret_of_first_link(house: Installation) -> str:
    url = (await house.call("identity.first_link"))["url"]
    assert url.startswith("http://localhost:8600/welcome/")
    return str(url).rpartition("/")[2]


async def people(house: Installation) -> list[str]:
    return [one["name"] for one in (await house.call("identity.user_list"))["people"]]


async def test_whoever_has_the_link_becomes_administrator_with_a_password(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link = await secret_of_first_link(house)
    page = await browser.get(f"/welcome/{link}")
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    answer = await browser.post("/welcome", data={"link": link, **ADA})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await browser.get("/admin/people")).status_code == 200


async def test_whoever_has_the_link_becomes_administrator_with_a_passkey(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link, key = await secret_of_first_link(house), SoftAuthenticator()
    wish = {"link": link, "name": "ada", "display": "Ada"}
    asked = (await browser.post("/api/identity/welcome/challenge", json=wish)).json()
    made = key.make(asked["ceremony"]["options"])
    answer = {"link": link, "arrival": asked["arrival"], "sealed": asked["ceremony"]["sealed"]}
    entered = await browser.post("/api/identity/welcome/passkey", json={**answer, "credential": made})
    assert entered.json() == {"next": "/"}
    assert (await browser.get("/admin/people")).status_code == 200


async def test_a_second_submit_of_the_link_is_refused_and_adds_nobody(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link = await secret_of_first_link(house)
    await browser.post("/welcome", data={"link": link, **ADA})
    again = await browser.post("/welcome", data={"link": link, **ADA, "name": "eve"})
    assert again.status_code == 410
    assert (await browser.get(f"/welcome/{link}")).status_code == 410
    assert await people(house) == ["ada"]


async def test_an_expired_link_is_refused(
    house: Installation, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    link = await secret_of_first_link(house)
    clock.ahead_s = 3601
    assert (await browser.get(f"/welcome/{link}")).status_code == 410
    assert (await browser.post("/welcome", data={"link": link, **ADA})).status_code == 410
    assert await people(house) == []


async def test_only_the_newest_first_link_works(house: Installation, browser: httpx.AsyncClient) -> None:
    old = await secret_of_first_link(house)
    new = await secret_of_first_link(house)
    assert (await browser.get(f"/welcome/{old}")).status_code == 410
    assert (await browser.get(f"/welcome/{new}")).status_code == 200


async def test_a_made_up_link_is_refused(browser: httpx.AsyncClient) -> None:
    for link in ("x", "A" * 43, "é", "A" * 5000):
        assert (await browser.get(f"/welcome/{link}")).status_code == 410, link[:10]


async def test_no_first_link_is_made_once_somebody_administers(house: Installation) -> None:
    await house.person("ada", administrator=True)
    assert (await house.call("identity.first_link"))["url"] == ""


async def test_a_link_made_before_somebody_administers_dies_with_it(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link = await secret_of_first_link(house)
    await house.person("ada", administrator=True)
    answer = await browser.post("/welcome", data={"link": link, **ADA, "name": "eve"})
    assert answer.status_code == 410
    assert await people(house) == ["ada"]


async def test_a_bad_name_or_password_is_said_beside_its_field_and_spends_nothing(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    link = await secret_of_first_link(house)
    for wrong in ({"name": "../etc"}, {"name": "Ada"}, {"name": "a"}, {"password": "short"}):
        answer = await browser.post("/welcome", data={"link": link, **ADA, **wrong})
        assert answer.status_code == 422, wrong
        assert 'aria-invalid="true"' in answer.text
    assert await people(house) == []
    assert (await browser.post("/welcome", data={"link": link, **ADA})).status_code == 303
