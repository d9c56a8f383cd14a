"""The page of the mail, and notices that one click stops."""

import httpx
import pytest

from synfonium.kernel.mail.topics import Stop, stop_path
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN


async def ada_id(house: Installation) -> str:
    return str((await house.call("identity.user_find", {"name": "ada"}))["id"])


async def test_one_click_of_a_mail_program_stops_a_topic_and_opening_the_link_does_not(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    context, person = house.context("identity"), await ada_id(house)
    path = stop_path(context.secrets, Stop(person, "news"))
    async with house.client() as stranger:
        assert (await stranger.get(path)).status_code == 200
        assert not await context.service.letters.has_stopped(person, "news")
        for _ in range(2):
            answer = await stranger.post(path, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
    assert await context.service.letters.has_stopped(person, "news")
    assert not await context.service.letters.has_stopped(person, "activity")


async def test_what_was_stopped_can_be_started_in_the_settings(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    letters, person = house.context("identity").service.letters, await ada_id(house)
    await ada.post("/settings/privacy/letters", data={"topic": "news", "wanted": ""})
    assert await letters.has_stopped(person, "news")
    await ada.post("/settings/privacy/letters", data={"topic": "news", "wanted": "yes"})
    assert not await letters.has_stopped(person, "news")
    refused = await ada.post("/settings/privacy/letters", data={"topic": "security", "wanted": ""})
    assert refused.status_code == 422


@pytest.mark.parametrize("token", ["x", "A" * 300, "%F0%9F", "." * 10])
async def test_a_link_that_we_did_not_make_stops_nothing(house: Installation, token: str) -> None:
    async with house.client() as stranger:
        assert (await stranger.post(f"/mail/stop/{token}")).status_code == 404


async def test_an_administrator_sees_how_the_mail_is_and_sends_a_test_letter(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    page = await ada.get("/admin/mail")
    assert "Letters go out." in page.text
    answer = await ada.post("/admin/mail/test", data={"to": "ada@example.org"})
    assert answer.headers["location"] == "/admin/mail?sent=true"
    refused = await ada.post("/admin/mail/test", data={"to": "ada@example.org\r\nBcc: eve@example.org"})
    assert refused.status_code == 422


async def test_nobody_else_sees_how_the_mail_is(house: Installation) -> None:
    token = await house.person("bob")
    async with house.client(token=token, headers=SAME_ORIGIN) as bob:
        assert (await bob.get("/admin/mail")).status_code == 403
