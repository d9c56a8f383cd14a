"""An e-mail address is a person's once they have shown that they read it; changes are told to the old."""

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .letters import all_letters, letters_to, path_in, text_of

BY_PASSWORD = {"name": "ada", "password": "ada-password-1"}


async def ask(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    return await browser.post("/settings/security/email", data={"address": address})


async def verify(
    house: Installation, browser: httpx.AsyncClient, address: str, count: int = 1
) -> httpx.Response:
    assert (await ask(browser, address)).status_code == 303
    path = path_in((await letters_to(house, address, count))[-1])
    return await browser.post("/email", data={"link": path.rpartition("/")[2]})


async def address_of(house: Installation, name: str = "ada") -> str:
    person_id = (await house.call("identity.user_find", {"name": name}))["id"]
    address: str = await house.context("identity").service.addresses.of(person_id)
    return address


async def test_an_address_counts_once_its_link_was_used_on_whatever_device(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    assert (await ask(ada, "Ada@Example.org")).headers["location"] == "/settings/security/email?asked=yes"
    path = path_in((await letters_to(house, "Ada@example.org"))[0])
    async with house.client(headers=SAME_ORIGIN) as phone:
        assert "Ada@example.org" in (await phone.get(path)).text
        assert await address_of(house) == ""
        link = path.rpartition("/")[2]
        assert (await phone.post("/email", data={"link": link})).status_code == 200
        assert await address_of(house) == "Ada@example.org"
        assert (await phone.post("/email", data={"link": link})).status_code == 410
        assert (await phone.get(path)).status_code == 410


@pytest.mark.parametrize("link", ["x", "A" * 300, "A" * 20_000, "é"])
async def test_a_made_up_link_verifies_nothing(
    house: Installation, browser: httpx.AsyncClient, link: str
) -> None:
    assert (await browser.post("/email", data={"link": link})).status_code == 410
    assert (await browser.get(f"/email/{link}")).status_code == 410


async def test_a_link_does_not_last(house: Installation, ada: httpx.AsyncClient, clock: MovedClock) -> None:
    await ask(ada, "ada@example.org")
    path = path_in((await letters_to(house, "ada@example.org"))[0])
    clock.ahead_s = 3601
    assert (await ada.post("/email", data={"link": path.rpartition("/")[2]})).status_code == 410
    assert await address_of(house) == ""


async def test_the_old_address_hears_of_the_new_one(house: Installation, ada: httpx.AsyncClient) -> None:
    await verify(house, ada, "ada@example.org")
    await verify(house, ada, "new@example.org")
    assert await address_of(house) == "new@example.org"
    last = (await letters_to(house, "ada@example.org", 2))[-1]
    assert "new@example.org" not in text_of(last)
    assert "/settings/security" in text_of(last)


async def test_whether_an_address_is_somebodys_is_told_to_it_alone(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await verify(house, ada, "ada@example.org")
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        free, taken = await ask(bob, "bob@example.org"), await ask(bob, "ADA@example.org")
    assert free.headers["location"] == taken.headers["location"]
    told = (await letters_to(house, "ADA@example.org"))[0]
    assert "another account" in text_of(told)
    assert "/email/" not in text_of(told)
    assert await address_of(house, "bob") == ""


@pytest.mark.parametrize("address", ["ada", "ada@", "a b@example.org", "a@example.org\nbcc: eve@x.org", "é@"])
async def test_what_is_no_address_is_refused_beside_its_field(
    house: Installation, ada: httpx.AsyncClient, address: str
) -> None:
    answer = await ask(ada, address)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert all_letters(house) == []


async def test_nobody_floods_a_mailbox(house: Installation, ada: httpx.AsyncClient) -> None:
    asked = [(await ask(ada, "victim@example.org")).status_code for _ in range(6)]
    assert asked == [303] * 5 + [429]


async def test_a_sign_in_from_an_unknown_browser_is_told_and_one_from_a_known_is_not(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await verify(house, ada, "ada@example.org")
    await ada.post("/signout")
    await ada.post("/signin", data=BY_PASSWORD)
    async with house.client(headers={**SAME_ORIGIN, "user-agent": "Safari on iPhone"}) as stranger:
        await stranger.post("/signin", data=BY_PASSWORD)
        told = await letters_to(house, "ada@example.org", 2)
        assert len(told) == 2
        assert "Safari, iPhone" in text_of(told[-1])
        await stranger.post("/signout")
        await stranger.post("/signin", data=BY_PASSWORD)
    async with house.client(headers=SAME_ORIGIN) as other:
        await other.post("/signin", data=BY_PASSWORD)
    assert len(await letters_to(house, "ada@example.org", 3)) == 3
