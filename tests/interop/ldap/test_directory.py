"""People of a school's directory sign in with the name and password that they know, by Debian's slapd."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from synfonium.apps.identity.service.outside.ldap import Ldap
from synfonium.apps.identity.service.passwords import TRIES_AN_ACCOUNT
from synfonium.apps.identity.store.outside import bindings
from synfonium.apps.identity.store.tables import people, sessions
from synfonium.testing.client import Installation, installation

from .slapd import BASE, READER, READERS_PASSWORD, School, school

pytestmark = pytest.mark.full

HEADERS = {"sec-fetch-site": "same-origin", "accept": "text/html", "user-agent": "Firefox on Linux"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("slapd")) as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def browser(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(headers=HEADERS) as client:
        yield client


async def known_here(house: Installation, served: School, **changes: Any) -> None:
    settings = {
        "host": "localhost",
        "port": served.port,
        "base": f"ou=people,{BASE}",
        "bind_dn": READER,
        "ca": served.ca,
        **changes,
    }
    arguments = {"id": "school", "label": "School", "secret": READERS_PASSWORD, "settings": settings}
    await house.call("identity.outside_directory", arguments)


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = "") -> httpx.Response:
    typed = {"name": name, "password": password or f"{name}-school-password"}
    return await browser.post("/signin", data=typed)


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/settings/security")).status_code == 200


async def rows(house: Installation, table: Any) -> list[Any]:
    return await house.context("identity").database.read(lambda c: list(c.execute(select(table))))


async def test_a_person_of_the_directory_comes_in_and_nothing_of_the_password_stays(
    house: Installation, browser: httpx.AsyncClient, served: School, tmp_path: Path
) -> None:
    await known_here(house, served)
    await house.call("identity.outside_check", {"id": "school"})
    assert (await sign_in(browser, "ada")).status_code == 303
    assert "Ada Lovelace" in (await browser.get("/settings/security")).text
    (bound,) = await rows(house, bindings)
    assert (bound.issuer, bound.groups) == ("ldap:school", '["teachers"]')
    (session,) = await rows(house, sessions)
    assert session.method == "ldap"
    for path in (tmp_path / "home").rglob("*"):
        if path.is_file():
            kept = path.read_bytes()
            assert b"ada-school-password" not in kept, path.name
            assert READERS_PASSWORD.encode() not in kept, path.name


async def test_wrong_empty_and_foreign_passwords_are_refused_and_counted(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    await known_here(house, served)
    for password in ("wrong", " ", "bob-school-password", "ada-school-password\0"):
        assert (await sign_in(browser, "ada", password)).status_code == 403
    assert (await browser.post("/signin", data={"name": "ada", "password": ""})).status_code == 403
    assert await rows(house, people) == []
    for _ in range(TRIES_AN_ACCOUNT[0]):
        last = await sign_in(browser, "ada", "wrong")
    assert last.status_code == 429
    assert (await sign_in(browser, "ada")).status_code == 429


@pytest.mark.parametrize("password", ["ada-school-password", READERS_PASSWORD])
async def test_a_name_is_never_read_as_a_filter(
    house: Installation, browser: httpx.AsyncClient, served: School, password: str
) -> None:
    await known_here(house, served)
    for name in (
        "*", "a*", "ad?", "ada)(uid=*", "*)(uid=ada", "ada)(|(uid=*", "x)(|(uid=ada", "ada\\", "ada\0",
        "\\61da", "uid=ada", f"uid=ada,ou=people,{BASE}", READER, "adа", "ada ", " ada  ", "a da", "",
    ):  # fmt: skip
        answer = await sign_in(browser, name, password)
        if name.strip() != "ada":
            assert answer.status_code in (403, 429), name
    assert {row.name for row in await rows(house, people)} <= {"ada"}


async def test_a_refusal_asks_the_directory_the_same_whether_it_knows_the_name_or_not(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    """Else the time it takes says who is in it."""
    groups = {"group_base": f"ou=groups,{BASE}", "group_attribute": "title"}
    await known_here(house, served, **groups)
    await house.person("local")
    assert (await sign_in(browser, "bob")).status_code == 303
    await browser.post("/signout")

    async def asked(name: str) -> list[str]:
        before = len(served.asked)
        assert (await sign_in(browser, name, "a wrong password")).status_code == 403
        for _ in range(100):  # the log is written a moment later
            if served.asked[before:].count("UNBIND") == 2:
                break
            await asyncio.sleep(0.02)
        return served.asked[before:]

    known = await asked("ada")
    assert (known.count("BIND"), known.count("SRCH")) == (2, 2)
    assert await asked("nobody-of-that-name") == known
    assert await asked("bob") == known, "an account that is bound to the directory"
    assert await asked("local") == known, "an account of this installation alone"


async def test_the_directory_hears_no_password_of_an_account_that_is_not_its_own(
    house: Installation, browser: httpx.AsyncClient, served: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, str]] = []
    connection = Ldap._connection
    monkeypatch.setattr(
        Ldap, "_connection", lambda self, dn, word: heard.append((dn, word)) or connection(self, dn, word)
    )
    await known_here(house, served)
    await house.person("local")
    assert (await sign_in(browser, "local", "nearly my password")).status_code == 403
    assert (await sign_in(browser, "nobody-of-that-name", "nearly my password")).status_code == 403
    assert len(heard) == 4
    assert not [words for words in heard if "local" in words[0] or "nearly" in words[1]]


async def test_an_account_of_this_installation_is_never_taken_over_by_its_name(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    await known_here(house, served)
    await house.person("bob", administrator=True)
    assert (await sign_in(browser, "bob")).status_code == 403
    assert (await sign_in(browser, "bob", "bob-password-1")).status_code == 303
    assert await rows(house, bindings) == []


async def test_a_new_name_new_groups_and_a_new_label_are_followed(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    served.add("carl", "Carl Sagan")
    await known_here(house, served)
    assert (await sign_in(browser, "carl")).status_code == 303
    served.change("carl", "replace: cn\ncn: Carl Edward Sagan")
    served.add_group("readers", "carl")
    served.rename("carl", "csagan")
    assert (await sign_in(browser, "carl", "carl-school-password")).status_code == 303, "bound by entryUUID"
    (bound,) = await rows(house, bindings)
    (person,) = await rows(house, people)
    assert (bound.groups, person.display, person.name) == ('["readers"]', "Carl Edward Sagan", "carl")
    served.change("csagan", "replace: cn\ncn: Carl")
    await house.call("identity.outside_follow", {})
    assert (await rows(house, people))[0].display == "Carl"


async def test_groups_are_found_where_the_directory_keeps_no_memberof(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    await known_here(house, served, group_base=f"ou=groups,{BASE}", group_attribute="title")
    await sign_in(browser, "ada")
    assert (await rows(house, bindings))[0].groups == '["teachers"]'


async def test_who_is_locked_there_or_not_admitted_does_not_come_in(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    served.add("dora", "Dora")
    await known_here(house, served, filter="(&(objectClass=person)(!(title=pupil)))")
    served.change("dora", "replace: title\ntitle: pupil")
    assert (await sign_in(browser, "dora")).status_code == 403
    served.change("dora", "replace: title\ntitle: teacher")
    served.change("dora", "add: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    assert (await sign_in(browser, "dora")).status_code == 403
    served.change("dora", "delete: pwdAccountLockedTime")
    assert (await sign_in(browser, "dora")).status_code == 303


async def test_who_is_gone_there_is_suspended_here_and_their_sessions_end(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    served.add("eve", "Eve")
    await known_here(house, served)
    assert (await sign_in(browser, "eve")).status_code == 303
    served.remove("eve")
    assert await house.call("identity.outside_follow", {}) == {"asked": 1, "suspended": 1}
    assert not await is_in(browser)
    assert (await sign_in(browser, "eve")).status_code == 403


async def test_many_gone_at_once_is_taken_for_a_mistake(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    names = [f"pupil{n}" for n in range(6)]
    for name in names:
        served.add(name, name.title())
    await known_here(house, served)
    for name in names:
        assert (await sign_in(browser, name)).status_code == 303
    served.remove(*names)
    assert await house.call("identity.outside_follow", {}) == {"asked": 6, "suspended": 0}


async def test_only_linked_people_come_in_where_the_administrator_said_so(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    await known_here(house, served, newcomers="linked")
    assert (await sign_in(browser, "ada")).status_code == 403
    assert await rows(house, people) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "127.0.0.1"},  # the certificate names localhost alone
        {"ca": ""},  # nobody vouches for it
        {"security": "ldaps"},  # it does not speak TLS from the start
        {"port": 1},
        {"bind_dn": f"cn=nobody,{BASE}"},
        {"base": "dc=elsewhere"},
    ],
)
async def test_a_server_that_is_not_surely_the_right_one_hears_no_password(
    house: Installation, browser: httpx.AsyncClient, served: School, changes: dict[str, Any]
) -> None:
    await known_here(house, served, **changes)
    answer = await sign_in(browser, "ada")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert await rows(house, people) == []


async def test_when_the_directory_is_away_local_accounts_still_come_in(
    house: Installation, browser: httpx.AsyncClient, served: School
) -> None:
    await house.person("mona")
    await known_here(house, served)
    await sign_in(browser, "ada")
    served.end()
    try:
        assert (await sign_in(browser, "ada")).status_code == 503
        assert (await sign_in(browser, "mona", "mona-password-1")).status_code == 303
        assert await house.call("identity.outside_follow", {}) == {"asked": 0, "suspended": 0}
    finally:
        served.begin()
    assert (await sign_in(browser, "ada")).status_code == 303
