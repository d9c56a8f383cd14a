"""After a password, a code: each once, near its time, few tries; recovery codes when the app is gone."""

import re

import httpx
import pyotp
import pytest
from sqlalchemy import update

from synfonium.apps.identity.store.second import recovery_codes, totp
from synfonium.apps.identity.store.tables import people
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .test_again import register
from .test_passkeys import sign_in as sign_in_by_passkey

BY_PASSWORD = {"name": "ada", "password": "ada-password-1"}


def hidden(page: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)[0]


class App:
    """Ada's phone: shows codes of the secret that it was given, by the house's own clock."""

    def __init__(self, secret: str, clock: MovedClock) -> None:
        self._totp, self._clock = pyotp.TOTP(secret), clock

    def code(self, steps_off: int = 0) -> str:
        return self._totp.generate_otp(int(self._clock.now_s() // 30) + steps_off)


async def enrol(browser: httpx.AsyncClient, clock: MovedClock) -> tuple[App, list[str]]:
    page = (await browser.get("/settings/security/totp")).text
    typed = re.findall(r'class="typed">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
    app = App(typed, clock)
    answer = await browser.post(
        "/settings/security/totp", data={"sealed": hidden(page, "sealed"), "code": app.code(-1)}
    )
    assert answer.status_code == 200
    return app, re.findall(r"<code>([0-9a-z-]{19})</code>", answer.text)


async def after_password(browser: httpx.AsyncClient) -> str:
    page = await browser.post("/signin", data=BY_PASSWORD)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    return hidden(page.text, "sealed")


async def finish(browser: httpx.AsyncClient, sealed: str, code: str) -> httpx.Response:
    return await browser.post("/signin/code", data={"sealed": sealed, "code": code, "next": "/settings"})


@pytest.fixture
async def enrolled(ada: httpx.AsyncClient, clock: MovedClock) -> tuple[App, list[str]]:
    """Ada has switched the second step on, and signed out."""
    found = await enrol(ada, clock)
    await ada.post("/signout")
    return found


async def test_a_password_then_a_code_opens_the_account_and_neither_does_alone(
    ada: httpx.AsyncClient, enrolled: tuple[App, list[str]]
) -> None:
    app, _codes = enrolled
    sealed = await after_password(ada)
    assert (await ada.get("/settings/security")).status_code == 303
    answer = await finish(ada, sealed, app.code())
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert (await ada.get("/settings/security")).status_code == 200


async def test_nobody_hears_that_an_account_is_closed_before_the_code(
    house: Installation, ada: httpx.AsyncClient, enrolled: tuple[App, list[str]]
) -> None:
    app, _codes = enrolled
    identity = house.context("identity")
    closed = update(people).where(people.c.name == "ada").values(is_suspended=True)
    await identity.database.write(lambda c: c.execute(closed))
    sealed = await after_password(ada)
    assert (await finish(ada, sealed, "000000")).status_code == 403
    answer = await finish(ada, await after_password(ada), app.code())
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "suspended" in answer.text


async def test_a_code_works_once(
    house: Installation, ada: httpx.AsyncClient, enrolled: tuple[App, list[str]]
) -> None:
    app, _codes = enrolled
    assert (await finish(ada, await after_password(ada), app.code())).status_code == 303
    async with house.client(headers=SAME_ORIGIN) as thief:
        sealed = await after_password(thief)
        assert (await finish(thief, sealed, app.code())).status_code == 403
        assert (await finish(thief, sealed, app.code(-1))).status_code == 403
        assert (await finish(thief, sealed, app.code(1))).status_code == 303


@pytest.mark.parametrize(("steps_off", "status"), [(-2, 403), (0, 303), (1, 303), (2, 403)])
async def test_a_code_is_good_one_step_around_its_time(
    ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], steps_off: int, status: int
) -> None:
    app, _codes = enrolled
    assert (await finish(ada, await after_password(ada), app.code(steps_off))).status_code == status


async def test_guessing_codes_ends_after_five_tries_however_often_the_password_is_given(
    ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], clock: MovedClock
) -> None:
    app, _codes = enrolled
    wrong = "000000" if app.code() != "000000" else "111111"
    tried = [(await finish(ada, await after_password(ada), wrong)).status_code for _ in range(6)]
    assert tried == [403] * 5 + [429]
    assert (await finish(ada, await after_password(ada), app.code())).status_code == 429
    clock.ahead_s = 900
    assert (await finish(ada, await after_password(ada), app.code())).status_code == 303


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "x" * 5000, "0" * 16])
async def test_what_is_no_code_opens_nothing(
    ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], code: str
) -> None:
    assert (await finish(ada, await after_password(ada), code)).status_code in (403, 422)
    assert (await ada.get("/settings/security")).status_code == 303


async def test_the_first_step_does_not_last_and_is_spent_by_the_second(
    house: Installation, ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], clock: MovedClock
) -> None:
    app, codes = enrolled
    sealed = await after_password(ada)
    assert (await finish(ada, sealed, app.code())).status_code == 303
    async with house.client(headers=SAME_ORIGIN) as thief:
        assert (await finish(thief, sealed, codes[0])).status_code == 400
        late = await after_password(thief)
        clock.ahead_s = 301
        assert (await finish(thief, late, app.code())).status_code == 400
        assert (await finish(thief, "made-up", app.code())).status_code == 400


async def test_a_passkey_needs_no_second_step(ada: httpx.AsyncClient, clock: MovedClock) -> None:
    key = await register(ada)
    await enrol(ada, clock)
    await ada.post("/signout")
    assert (await sign_in_by_passkey(ada, key)).status_code == 200


async def test_a_recovery_code_stands_in_for_the_app_once(
    ada: httpx.AsyncClient, enrolled: tuple[App, list[str]]
) -> None:
    _app, codes = enrolled
    assert len(set(codes)) == 10
    typed = codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert (await finish(ada, await after_password(ada), typed)).status_code == 303
    assert "9 codes are left" in (await ada.get("/settings/security")).text
    assert (await finish(ada, await after_password(ada), codes[3])).status_code == 403
    assert (await finish(ada, await after_password(ada), codes[4])).status_code == 303


async def test_new_recovery_codes_replace_the_old_and_only_hashes_are_kept(
    house: Installation, ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], clock: MovedClock
) -> None:
    app, old = enrolled
    await finish(ada, await after_password(ada), app.code())
    page = await ada.post("/settings/security/codes")
    new = re.findall(r"<code>([0-9a-z-]{19})</code>", page.text)
    assert len(new) == 10
    assert not set(new) & set(old)
    database = house.context("identity").database
    kept = await database.read(lambda c: repr(c.execute(recovery_codes.select()).all()))
    assert not [code for code in new if code in kept or code.replace("-", "") in kept]
    assert (await finish(ada, await after_password(ada), old[0])).status_code == 403
    assert (await finish(ada, await after_password(ada), new[0])).status_code == 303


async def test_another_persons_codes_open_nothing(
    house: Installation, ada: httpx.AsyncClient, enrolled: tuple[App, list[str]], clock: MovedClock
) -> None:
    _app, codes = enrolled
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        await enrol(bob, clock)
        page = (await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})).text
        assert (await finish(bob, hidden(page, "sealed"), codes[0])).status_code == 403


async def test_the_apps_secret_is_sealed_at_rest(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    page = (await ada.get("/settings/security/totp")).text
    typed = re.findall(r'class="typed">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
    code = App(typed, clock).code()
    await ada.post("/settings/security/totp", data={"sealed": hidden(page, "sealed"), "code": code})
    row = await house.context("identity").database.read(lambda c: c.execute(totp.select()).one())
    assert typed.encode() not in bytes(row.sealed)


async def test_a_wrong_code_switches_nothing_on_and_keeps_the_image(
    ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    page = (await ada.get("/settings/security/totp")).text
    typed = re.findall(r'class="typed">([A-Z2-7 ]+)<', page)[0]
    wrong = await ada.post("/settings/security/totp", data={"sealed": hidden(page, "sealed"), "code": "12"})
    assert wrong.status_code == 403
    assert typed in wrong.text
    assert (await ada.post("/signin", data=BY_PASSWORD)).status_code == 303


async def test_proving_by_password_needs_the_code_as_well(ada: httpx.AsyncClient, clock: MovedClock) -> None:
    app, _codes = await enrol(ada, clock)
    clock.ahead_s = 601
    assert 'name="code"' in (await ada.get("/signin/again")).text
    assert (await ada.post("/signin/again", data={"password": "ada-password-1"})).status_code == 403
    assert (await ada.post("/settings/security/totp/remove")).headers["location"].startswith("/signin/again")
    proof = {"password": "ada-password-1", "code": app.code()}
    assert (await ada.post("/signin/again", data=proof)).status_code == 303
    assert (await ada.post("/settings/security/totp/remove")).headers["location"] == "/settings/security"
    assert (await ada.post("/signin", data=BY_PASSWORD)).status_code == 303
