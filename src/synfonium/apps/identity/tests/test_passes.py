"""Looking at a person's data needs a reason and ends by itself; the person sees it."""

import email
import email.policy
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock

REASON = "Your letter of Monday: a folder that does not open"


@pytest.fixture
async def bob(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """Bob's browser, signed in; he has an address."""
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as client:
        answer = await client.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        assert answer.status_code == 303
        yield client


async def id_of(house: Installation, name: str) -> str:
    return str((await house.call("identity.user_find", {"name": name}))["id"])


async def ask(house: Installation, by: str, about: str, hours: int = 1, reason: str = REASON) -> None:
    passes = house.context("identity").service.passes
    await passes.ask(await id_of(house, by), await id_of(house, about), reason, hours)


async def test_without_a_pass_an_administrator_sees_a_form_and_nothing_of_the_person(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    page = await ada.get(f"/admin/people/{await id_of(house, 'bob')}/data", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, f"/pass/{await id_of(house, 'bob')}")
    assert 'name="reason"' in page.text
    assert "Firefox, Linux" not in page.text
    assert "test</b>" not in page.text
    refused = await ada.get(
        f"/admin/people/{await id_of(house, 'bob')}/data", headers={"accept": "application/json"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "pass_needed")


async def test_with_a_pass_they_look_and_afterwards_they_do_not(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient, clock: MovedClock
) -> None:
    url = f"/admin/people/{await id_of(house, 'bob')}/data"
    await ask(house, "ada", "bob")
    page = await ada.get(url)
    assert "Firefox, Linux" in page.text
    clock.ahead_s += 3601
    page = await ada.get(url, follow_redirects=True)
    assert "Firefox, Linux" not in page.text
    assert 'name="reason"' in page.text


async def test_a_pass_is_for_one_person_and_one_administrator(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    from synfonium.kernel.refusals import PassNeeded

    await house.person("eve", administrator=True)
    await ask(house, "ada", "bob")
    passes = house.context("identity").service.passes
    for by, about in (("eve", "bob"), ("ada", "eve"), ("bob", "ada")):
        with pytest.raises(PassNeeded):
            await passes.look(await id_of(house, by), await id_of(house, about))
        assert not await passes.use(await id_of(house, by), await id_of(house, about), "identity.pass.look")


async def test_a_pass_given_back_opens_nothing_more(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    bob_id = await id_of(house, "bob")
    await ask(house, "ada", "bob", hours=24)
    assert (await ada.post(f"/pass/{bob_id}/end")).status_code == 303
    assert 'name="reason"' in (await ada.get(f"/admin/people/{bob_id}/data", follow_redirects=True)).text


async def test_who_says_why_goes_on_to_what_they_wanted_to_see(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    url = f"/admin/people/{await id_of(house, 'bob')}/data"
    form = await ada.get(url)
    assert form.status_code == 303
    asked = await ada.post(
        f"/pass/{await id_of(house, 'bob')}", data={"reason": REASON, "hours": "1", "next": url}
    )
    assert asked.headers["location"] == url
    away = {"reason": REASON, "hours": "1", "next": "https://example.org/"}
    asked = await ada.post(f"/pass/{await id_of(house, 'bob')}", data=away)
    assert asked.headers["location"] == url


@pytest.mark.parametrize(
    ("reason", "hours"),
    [("", 1), ("curious", 1), ("x" * 501, 1), ("two\nlines of a reason", 1), (REASON, 0), (REASON, 25)],
)
async def test_without_a_reason_or_for_longer_than_a_day_there_is_no_pass(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient, reason: str, hours: int
) -> None:
    from synfonium.common.problem import BadInput

    with pytest.raises(BadInput):
        await ask(house, "ada", "bob", hours, reason)


async def test_asking_needs_a_fresh_proof_and_an_administrator(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient, clock: MovedClock
) -> None:
    url = f"/pass/{await id_of(house, 'ada')}"
    refused = await bob.post(url, data={"reason": REASON, "hours": "1"})
    assert refused.status_code == 404
    assert (await bob.get(url)).status_code == 404
    clock.ahead_s += 1200
    url = f"/pass/{await id_of(house, 'bob')}"
    again = await ada.post(url, data={"reason": REASON, "hours": "1"})
    assert again.status_code == 303
    assert again.headers["location"].startswith("/signin/again")
    assert 'name="reason"' in (await ada.get(url)).text


async def test_the_person_sees_who_looked_when_why_and_until_when(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    assert "Nobody looked" in (await bob.get("/settings/privacy?act=identity.pass.look")).text
    await ask(house, "ada", "bob")
    await ada.get(f"/admin/people/{await id_of(house, 'bob')}/data")
    page = (await bob.get("/settings/privacy")).text
    assert "<b>Ada</b> asked to look at your data" in page
    assert "<b>Ada</b> looked at your devices, sites, groups and storage" in page
    assert REASON in page
    assert "allowed until" in page
    only = (await bob.get("/settings/privacy?act=identity.pass.look")).text
    assert "<b>Ada</b> looked at" in only
    assert "<b>Ada</b> asked" not in only


async def test_the_person_is_told_by_mail(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient, tmp_path: Path
) -> None:
    import asyncio

    from synfonium.apps.identity.store.addresses import set_address

    context, bob_id = house.context("identity"), await id_of(house, "bob")
    await context.database.write(lambda c: set_address(c, bob_id, "bob@example.org", 0.0))
    await ask(house, "ada", "bob")
    for _ in range(300):
        if found := list((tmp_path / "mail").glob("*.eml")):
            break
        await asyncio.sleep(0.02)
    message = email.message_from_bytes(found[0].read_bytes(), policy=email.policy.default)
    assert message["To"] == "bob@example.org"
    assert "List-Unsubscribe" not in message
    words = message.get_body(("plain",)).get_content().replace("\u2060", "")
    assert "Ada, who administers this installation" in words
    assert REASON in words


async def test_what_the_operator_does_on_the_machine_stands_there_too(
    house: Installation, bob: httpx.AsyncClient
) -> None:
    await house.call("identity.user_link", {"name": "bob"})
    page = (await bob.get("/settings/privacy")).text
    assert "The operator of this machine</b> made a sign-in link" in page
    assert "The operator of this machine</b> made a token that acts for you" in page
    assert "The operator of this machine</b> made your account" in page


async def test_nobody_sees_what_was_done_with_another(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await ask(house, "ada", "bob")
    assert REASON not in (await ada.get("/settings/privacy")).text


async def test_no_name_and_no_reason_is_in_the_audit(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    from synfonium.apps.identity.store.tables import audit

    await ask(house, "ada", "bob")
    await ada.get(f"/admin/people/{await id_of(house, 'bob')}/data")
    rows = await house.context("identity").database.read(lambda c: c.execute(audit.select()).all())
    acts = [row.act for row in rows]
    assert acts.count("identity.pass.ask") == acts.count("identity.pass.look") == 1
    for row in rows:
        words = f"{row.person} {row.subject} {row.by_app}"
        assert not re.search(r"\b(ada|bob)\b|Monday", words, re.IGNORECASE), words
        assert re.fullmatch(r"identity:[a-z_]+/[0-9a-z]{26}", row.subject), row.subject


async def test_a_link_into_an_account_that_somebody_uses_takes_a_pass(
    house: Installation, ada: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    bob_id = await id_of(house, "bob")
    refused = await ada.post(f"/admin/people/{bob_id}/link")
    assert refused.status_code == 303
    assert refused.headers["location"] == f"/pass/{bob_id}?next=%2Fadmin%2Fpeople"
    await ask(house, "ada", "bob")
    assert "/welcome/" in (await ada.post(f"/admin/people/{bob_id}/link")).text
    page = (await bob.get("/settings/privacy")).text
    assert "<b>Ada</b> made a sign-in link to hand to you" in page
    assert page.count(REASON) == 2


async def test_an_act_that_no_app_declares_opens_nothing(house: Installation, ada: httpx.AsyncClient) -> None:
    from synfonium.common.problem import BadInput

    await house.person("bob")
    await ask(house, "ada", "bob")
    who = {"by": await id_of(house, "ada"), "person": await id_of(house, "bob")}
    with pytest.raises(BadInput):
        await house.call("identity.pass_use", {**who, "act": "garden.look"})
