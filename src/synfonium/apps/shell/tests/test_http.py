"""The shell's doors, in a whole installation without a browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.dates import format_datetime

from synfonium.testing.client import Installation, installation

HTML = {"accept": "text/html"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def test_a_visitor_with_a_question_is_led_to_the_public_search(house: Installation) -> None:
    async with house.client(headers=HTML) as visitor:
        answer = await visitor.get("/", params={"q": "déchèterie & badge"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/search?q=d%C3%A9ch%C3%A8terie%20%26%20badge"


async def test_a_visitor_gets_the_search_page_without_a_cookie(house: Installation) -> None:
    async with house.client(headers={**HTML, "accept-language": "fr"}) as visitor:
        answer = await visitor.get("/")
    assert "Personne ne note." in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_person_finds_their_own_home_and_settings(house: Installation) -> None:
    token = await house.person("ada")
    async with house.client(token=token, headers=HTML) as ada:
        assert "Hello, Ada." in (await ada.get("/")).text
        saved = await ada.post("/settings", data={"display": "Ada King", "locale": "fr", "scheme": "dark"})
        assert saved.status_code == 303
        page = (await ada.get("/settings")).text
    assert 'data-color-scheme="dark"' in page
    assert "Réglages" in page
    assert 'value="Ada King"' in page


async def test_today_is_written_as_the_reader_writes_it(house: Installation) -> None:
    token = await house.person("ada")
    now = datetime.now(UTC).astimezone()
    for locale in ("en", "fr"):
        async with house.client(token=token, headers={**HTML, "accept-language": locale}) as ada:
            page = (await ada.get("/")).text
        written = format_datetime(now, "EEEE d MMMM", locale=locale)
        assert written[0].upper() + written[1:] in page


@pytest.mark.parametrize(
    "form", [{"locale": "tlh"}, {"scheme": "puce"}, {"display": ""}, {"display": "x" * 81}]
)
async def test_settings_that_cannot_be_are_refused_and_nothing_changes(
    house: Installation, form: dict[str, str]
) -> None:
    token = await house.person("ada")
    async with house.client(token=token, headers=HTML) as ada:
        before = (await ada.get("/settings")).text
        assert (await ada.post("/settings", data=form)).status_code == 422
        assert (await ada.get("/settings")).text == before


async def test_a_visitor_is_asked_to_sign_in_before_settings(house: Installation) -> None:
    async with house.client(headers=HTML) as visitor:
        answer = await visitor.get("/settings")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin?next=")


async def test_own_things_of_another_person_are_not_found(house: Installation) -> None:
    ada, bob = await house.person("ada"), await house.person("bob")
    ada_id = (await house.call("identity.user_find", {"name": "ada"}))["id"]
    content = "cXV1eCBzZWNyZXQ="  # quux secret
    await house.call("drive.put", {"person": ada_id, "path": "quux.txt", "content": content})
    async with house.client(token=bob, headers=HTML) as person:
        assert "quux.txt" not in (await person.get("/", params={"q": "quux"})).text
    async with house.client(token=ada, headers=HTML) as person:
        assert "quux.txt" in (await person.get("/")).text
