"""Coming back by e-mail, by a code on paper, through a trusted person; and nobody else coming in."""

import re

import httpx
import pytest

from synfonium.testing.client import Installation

from .authenticator import SoftAuthenticator
from .conftest import SAME_ORIGIN, MovedClock
from .letters import all_letters, letters_to, path_in, text_of
from .test_addresses import verify
from .test_second import App, enrol

DAY_S = 86_400.0
NEW = {"display": "", "password": "a new long sentence"}


async def signed_in(house: Installation, name: str, *, administrator: bool = False) -> httpx.AsyncClient:
    await house.person(name, administrator=administrator)
    client = house.client(headers=SAME_ORIGIN)
    answer = await client.post("/signin", data={"name": name, "password": f"{name}-password-1"})
    assert answer.status_code == 303
    return client


@pytest.fixture
async def bob(house: Installation) -> httpx.AsyncClient:
    """An ordinary person, with a verified address."""
    await house.person("root", administrator=True)
    client = await signed_in(house, "bob")
    assert (await verify(house, client, "bob@example.org")).status_code == 200
    return client


async def enter(browser: httpx.AsyncClient, path: str, code: str = "") -> httpx.Response:
    link = path.rpartition("/")[2]
    return await browser.post("/welcome", data={"link": link, "code": code, **NEW})


# By e-mail


async def mailed_link(house: Installation, browser: httpx.AsyncClient, count: int = 2) -> str:
    assert (await browser.post("/recover", data={"address": "bob@example.org"})).status_code == 303
    return path_in((await letters_to(house, "bob@example.org", count))[-1])


async def test_a_letter_lets_its_reader_choose_a_new_way_in_and_closes_every_device(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    path = await mailed_link(house, browser)
    assert (await browser.get(path)).status_code == 200
    assert (await bob.get("/settings/security")).status_code == 200
    assert (await enter(browser, path)).status_code == 303
    assert (await browser.get("/settings/security")).status_code == 200
    assert (await bob.get("/settings/security")).status_code == 303
    assert (await enter(browser, path)).status_code == 410
    told = (await letters_to(house, "bob@example.org", 3))[-1]
    assert "new way in" in text_of(told)


async def test_asking_sounds_the_same_whether_or_not_the_address_is_somebodys(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    answers = [
        await browser.post("/recover", data={"address": f"{name}@example.org"}) for name in ("bob", "eve")
    ]
    assert {one.headers["location"] for one in answers} == {"/recover?asked=yes"}
    assert len({(one.status_code, one.text) for one in answers}) == 1
    await letters_to(house, "bob@example.org", 2)
    assert not [one for one in all_letters(house) if "eve@" in str(one["to"])]


async def test_a_letter_does_not_stand_in_for_the_second_step(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    app, codes = await enrol(bob, clock)
    path = await mailed_link(house, browser)
    assert 'name="code"' in (await browser.get(path)).text
    assert (await enter(browser, path)).status_code == 403
    assert (await enter(browser, path, "000000")).status_code == 403
    assert (await bob.get("/settings/security")).status_code == 200
    assert (await enter(browser, path, codes[0])).status_code == 303
    person_id = (await house.call("identity.user_find", {"name": "bob"}))["id"]
    assert await house.context("identity").service.second.is_on(person_id)
    assert isinstance(app, App)


async def test_the_second_step_is_asked_for_on_the_way_by_passkey_too(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    app, _codes = await enrol(bob, clock)
    link = (await mailed_link(house, browser)).rpartition("/")[2]
    asked = (await browser.post("/api/identity/welcome/challenge", json={"link": link})).json()
    answer = {"link": link, "arrival": asked["arrival"], "sealed": asked["ceremony"]["sealed"]}
    answer["credential"] = SoftAuthenticator().make(asked["ceremony"]["options"])
    refused = await browser.post("/api/identity/welcome/passkey", json=answer)
    assert refused.json()["code"] == "identity.code_refused"
    answer["code"] = app.code()
    assert (await browser.post("/api/identity/welcome/passkey", json=answer)).status_code == 200


async def test_a_letter_does_not_open_an_administrators_account(
    house: Installation, ada: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    await verify(house, ada, "ada@example.org")
    await browser.post("/recover", data={"address": "ada@example.org"})
    told = (await letters_to(house, "ada@example.org", 2))[-1]
    assert "/welcome/" not in text_of(told)
    assert "recovery codes" in text_of(told)


async def test_a_letter_does_not_last_and_the_newest_counts(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    old = await mailed_link(house, browser)
    new = await mailed_link(house, browser, 3)
    assert (await enter(browser, old)).status_code == 410
    clock.ahead_s = 1801
    assert (await enter(browser, new)).status_code == 410


async def test_nobody_is_flooded_by_letters(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    for address in ("bob@example.org", "nobody@example.org"):
        asked = [(await browser.post("/recover", data={"address": address})).status_code for _ in range(4)]
        assert asked == [303] * 3 + [429]


# By a code on paper


async def codes_of(client: httpx.AsyncClient) -> list[str]:
    page = (await client.post("/settings/security/codes")).text
    return re.findall(r"<code>([0-9a-z-]{19})</code>", page)


async def test_a_recovery_code_opens_even_an_administrators_account_once(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    code = (await codes_of(ada))[0]
    async with house.client(headers=SAME_ORIGIN) as other:
        led = await other.post("/recover/code", data={"name": " Ada ", "code": code})
        assert led.status_code == 303
        assert (await enter(other, led.headers["location"])).status_code == 303
        assert (await other.get("/settings/security")).status_code == 200
        again = await other.post("/recover/code", data={"name": "ada", "code": code})
        assert again.status_code == 403
    assert (await ada.get("/settings/security")).status_code == 303


async def test_a_wrong_code_and_an_unknown_name_sound_the_same_and_are_counted(
    house: Installation, ada: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    await codes_of(ada)
    wrong = {"code": "0000-0000-0000-0000"}
    said = [await browser.post("/recover/code", data={"name": name, **wrong}) for name in ("ada", "zyx")]
    assert {one.status_code for one in said} == {403}
    assert said[0].text.replace("ada", "") == said[1].text.replace("zyx", "")
    for name in ("ada", "zyx"):
        tried = [
            (await browser.post("/recover/code", data={"name": name, **wrong})).status_code for _ in range(10)
        ]
        assert tried[-1] == 429


# Through a trusted person


async def trusting(house: Installation, bob: httpx.AsyncClient) -> httpx.AsyncClient:
    """Bob trusts carol, who has accepted; carol's browser."""
    carol = await signed_in(house, "carol")
    assert (await bob.post("/settings/trusted", data={"name": "carol"})).status_code == 303
    bobs_id = (await house.call("identity.user_find", {"name": "bob"}))["id"]
    assert (await carol.post(f"/settings/trusted/{bobs_id}/accept")).status_code == 303
    return carol


async def ask_trusted(browser: httpx.AsyncClient, name: str = "bob") -> tuple[str, str]:
    """The path of the waiting page, and the code to be spoken."""
    led = await browser.post("/recover/trusted", data={"name": name})
    path = led.headers["location"]
    code = re.findall(r"<code>([0-9a-z]{4}-[0-9a-z]{4})</code>", (await browser.get(path)).text)[0]
    return path, code


async def confirm(carol: httpx.AsyncClient, code: str) -> httpx.Response:
    page = (await carol.get("/settings/trusted")).text
    action = re.findall(r'action="(/settings/trusted/rescues/[0-9a-z]+)"', page)[0]
    return await carol.post(action, data={"code": code})


async def finish(browser: httpx.AsyncClient, path: str) -> httpx.Response:
    return await browser.post("/recover/wait", data={"secret": path.rpartition("/")[2]})


async def test_a_trusted_person_and_a_day_let_somebody_in_who_lost_everything(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    await enrol(bob, clock)
    carol = await trusting(house, bob)
    path, code = await ask_trusted(browser)
    assert (await confirm(carol, "0000-0000")).status_code == 403
    assert (await finish(browser, path)).status_code == 409
    confirmed = await confirm(carol, code.upper().replace("-", " "))
    assert confirmed.headers["location"] == "/settings/trusted?confirmed=yes"
    told = (await letters_to(house, "bob@example.org", 3))[-1]
    assert "/recover/stop/" in text_of(told)
    clock.ahead_s = DAY_S - 60
    assert (await finish(browser, path)).status_code == 409
    clock.ahead_s = DAY_S + 60
    assert "The time has come" in (await browser.get(path)).text
    led = await finish(browser, path)
    assert (await enter(browser, led.headers["location"])).status_code == 303
    assert (await browser.get("/settings/security")).status_code == 200
    assert (await finish(browser, path)).status_code == 409


async def test_the_owner_stops_it_with_one_click_from_the_letter_or_the_settings(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    carol = await trusting(house, bob)
    for count, way in ((3, "letter"), (5, "settings")):
        await carol.post("/signin", data={"name": "carol", "password": "carol-password-1"})
        path, code = await ask_trusted(browser)
        assert (await confirm(carol, code)).headers["location"] == "/settings/trusted?confirmed=yes"
        if way == "letter":
            link = path_in((await letters_to(house, "bob@example.org", count))[-1])
            assert (await browser.get(link)).status_code == 200
            stopped = await browser.post("/recover/stop", data={"secret": link.rpartition("/")[2]})
            assert stopped.status_code == 200
        else:
            assert "It opens on" in (await bob.get("/settings/trusted")).text
            assert (await bob.post("/settings/trusted/stop")).status_code == 303
        clock.ahead_s += DAY_S + 60
        assert (await finish(browser, path)).status_code == 409


async def test_names_that_nobody_has_and_people_who_trust_nobody_get_the_same_page(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    await trusting(house, bob)
    pages = []
    for name in ("bob", "eve", "root", "carol"):
        path, code = await ask_trusted(browser, name)
        text = (await browser.get(path)).text
        pages.append(text.replace(path.rpartition("/")[2], "").replace(code, ""))
    assert len(set(pages)) == 1


async def test_only_an_accepted_trusted_person_confirms_and_proves_who_they_are_first(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient, clock: MovedClock
) -> None:
    carol = await trusting(house, bob)
    dave = await signed_in(house, "dave")
    await bob.post("/settings/trusted", data={"name": "dave"})
    _path, code = await ask_trusted(browser)
    page = (await carol.get("/settings/trusted")).text
    action = re.findall(r'action="(/settings/trusted/rescues/[0-9a-z]+)"', page)[0]
    assert "/rescues/" not in (await dave.get("/settings/trusted")).text
    assert (await dave.post(action, data={"code": code})).status_code == 404
    clock.ahead_s = 601
    refused = await carol.post(action, data={"code": code})
    assert refused.headers["location"].startswith("/signin/again?next=%2Fsettings%2Ftrusted")


async def test_guessing_the_spoken_code_is_counted(
    house: Installation, bob: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    carol = await trusting(house, bob)
    _path, code = await ask_trusted(browser)
    tried = [(await confirm(carol, "0000-0000")).status_code for _ in range(6)]
    assert tried == [403] * 5 + [429]
    assert (await confirm(carol, code)).status_code == 429


async def test_no_more_than_three_trusted_people_and_never_oneself(
    house: Installation, bob: httpx.AsyncClient
) -> None:
    names = ["bob", "nobody", "root"] + [f"friend{i}" for i in range(3)]
    for name in names[3:]:
        await house.person(name)
    said = [(await bob.post("/settings/trusted", data={"name": name})).status_code for name in names]
    assert said == [422, 422, 303, 303, 303, 422]


@pytest.mark.parametrize("link", ["x", "A" * 500, "é"])
async def test_made_up_links_stop_and_open_nothing(browser: httpx.AsyncClient, link: str) -> None:
    assert (await browser.post("/recover/stop", data={"secret": link})).status_code == 410
    assert (await browser.post("/recover/wait", data={"secret": link})).status_code == 409
