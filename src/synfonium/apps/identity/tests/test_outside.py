"""Coming in by an outside OpenID Provider."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import httpx
import pytest

from synfonium.apps.identity.store.outside import bindings, sources
from synfonium.common.problem import BadInput
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock
from .outside_provider import ADA, CLIENT_ID, SECRET, OutsideProvider, outside_provider, start


@pytest.fixture
async def school() -> AsyncIterator[OutsideProvider]:
    async with outside_provider() as provider:
        yield provider


async def known_here(
    house: Installation, provider: OutsideProvider, id: str = "school", **changes: Any
) -> None:
    settings = {"issuer": provider.issuer, "client_id": CLIENT_ID, "is_local": True, "newcomers": "anyone"}
    arguments = {"id": id, "label": "With my school account", "secret": SECRET}
    await house.call("identity.outside_provider", {**arguments, "settings": {**settings, **changes}})


async def welcomed(browser: httpx.AsyncClient, page: httpx.Response, **typed: str) -> httpx.Response:
    """After a newcomer has chosen a name."""
    fields = {
        name: unescape(re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page.text)[0])
        for name in ("arrival", "name", "display")
    }
    return await browser.post("/signin/with/school/welcome", data={**fields, **typed})


async def come_in(browser: httpx.AsyncClient, provider: OutsideProvider, **claims: Any) -> httpx.Response:
    return await browser.get(provider.agree(await start(browser), **{**ADA, **claims}))


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/settings/security")).status_code == 200


async def test_the_sign_in_page_offers_open_providers_and_asks_nobody(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school)
    page = (await browser.get("/signin?next=/drive")).text
    assert 'href="/signin/with/school?next=/drive"' in page
    assert "With my school account" in page
    assert school.asked == []


async def test_a_newcomer_chooses_a_name_and_comes_back_to_the_same_account(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school)
    url = await start(browser, wish="/settings/security")
    page = await browser.get(school.agree(url, **ADA))
    assert 'value="ada.l"' in page.text
    done = await welcomed(browser, page)
    assert (done.status_code, done.headers["location"]) == (303, "/settings/security")
    assert await is_in(browser)
    async with house.client(headers=SAME_ORIGIN) as another:
        back = await come_in(another, school, name="Ada King")
        assert (back.status_code, back.headers["location"]) == (303, "/")
        assert "Ada King" in (await another.get("/settings/security")).text
    people = (await house.call("identity.user_list", {}))["people"]
    assert [(p["name"], p["display"], p["is_administrator"]) for p in people] == [
        ("ada.l", "Ada King", False)
    ]


async def test_who_has_the_same_name_or_address_here_is_not_taken_for_them(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await house.person("ada.l", administrator=True)
    await known_here(house, school)
    page = await come_in(browser, school)
    taken = await welcomed(browser, page)
    assert taken.status_code == 409
    assert "taken" in taken.text
    assert not await is_in(browser)
    assert (await welcomed(browser, taken, name="ada2")).status_code == 303


@pytest.mark.parametrize(
    ("newcomers", "claims", "status"),
    [
        ("linked", {}, 403),
        ("domains", {}, 200),
        ("domains", {"email": "ada@evil.example"}, 403),
        ("domains", {"email": "ada@sub.school.example"}, 403),
        ("domains", {"email": '"x@school.example"@evil.example'}, 403),
        ("domains", {"email_verified": False}, 403),
        ("domains", {"email_verified": "true"}, 403),
    ],
)
async def test_newcomers_come_as_the_administrator_decided(
    house: Installation,
    browser: httpx.AsyncClient,
    school: OutsideProvider,
    newcomers: str,
    claims: dict[str, Any],
    status: int,
) -> None:
    await known_here(house, school, newcomers=newcomers, domains=["School.example"])
    assert (await come_in(browser, school, **claims)).status_code == status
    assert not await is_in(browser)


async def test_a_person_links_signs_in_by_it_and_unlinks(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school, newcomers="linked")
    going = await ada.post("/settings/security/outside/school/link")
    url = unescape(re.findall(r'content="0; url=([^"]+)"', going.text)[0])
    assert "prompt=login" in url
    assert (await ada.get(school.agree(url, **ADA))).headers["location"] == "/settings/security"
    async with house.client(headers=SAME_ORIGIN) as another:
        assert (await come_in(another, school)).status_code == 303
        assert await is_in(another)
        unlinked = {"issuer": school.issuer, "subject": ADA["sub"]}
        assert (await ada.post("/settings/security/outside/unlink", data=unlinked)).status_code == 303
        assert not await is_in(another), "sessions that came from there end with the link"
        assert (await come_in(another, school)).status_code == 403
    assert await is_in(ada)


async def test_a_link_needs_the_very_session_that_asked_for_it(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school, newcomers="linked")
    going = await ada.post("/settings/security/outside/school/link")
    back = school.agree(unescape(re.findall(r'content="0; url=([^"]+)"', going.text)[0]), **ADA)
    await ada.post("/signin", data={"name": "ada", "password": "ada-password-1"})
    assert (await ada.get(back)).status_code == 403
    assert await _bound(house) == 0


async def test_an_old_session_proves_itself_before_it_links(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider, clock: MovedClock
) -> None:
    await known_here(house, school)
    clock.ahead_s = 3600
    asked = await ada.post("/settings/security/outside/school/link")
    assert asked.status_code in (303, 403)
    assert "http-equiv" not in asked.text


async def test_the_last_way_in_cannot_be_unlinked(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school)
    await welcomed(browser, await come_in(browser, school))
    unlinked = {"issuer": school.issuer, "subject": ADA["sub"]}
    assert (await browser.post("/settings/security/outside/unlink", data=unlinked)).status_code == 409
    assert await _bound(house) == 1


async def test_an_administrator_links_a_person_beforehand(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await house.person("bob")
    await known_here(house, school, newcomers="linked")
    await house.call("identity.outside_link", {"name": "bob", "id": "school", "subject": "bob-there"})
    assert (await come_in(browser, school, sub="bob-there")).status_code == 303
    assert await is_in(browser)


async def test_one_account_there_opens_one_account_here(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await house.person("bob")
    await known_here(house, school, newcomers="linked")
    await house.call("identity.outside_link", {"name": "bob", "id": "school", "subject": ADA["sub"]})
    going = await ada.post("/settings/security/outside/school/link")
    url = unescape(re.findall(r'content="0; url=([^"]+)"', going.text)[0])
    assert (await ada.get(school.agree(url, **ADA))).status_code == 409
    assert await _bound(house) == 1


async def test_who_is_suspended_here_does_not_come_in_from_there(
    house: Installation, ada: httpx.AsyncClient, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await house.person("bob")
    await known_here(house, school)
    await house.call("identity.outside_link", {"name": "bob", "id": "school", "subject": "bob-there"})
    bob = (await house.call("identity.user_find", {"name": "bob"}))["id"]
    await house.context("identity").service.people.suspend(bob, by="operator")
    async with house.client(headers=SAME_ORIGIN) as bobs:
        assert (await come_in(bobs, school, sub="bob-there")).status_code == 403
        assert not await is_in(bobs)


async def test_a_session_from_there_is_shorter(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider, clock: MovedClock
) -> None:
    await known_here(house, school, session_days=2)
    await welcomed(browser, await come_in(browser, school))
    clock.ahead_s = 3 * 86_400
    assert not await is_in(browser)


async def test_a_closed_or_removed_provider_lets_nobody_in(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school)
    async with house.client(headers=SAME_ORIGIN) as another:
        back = school.agree(await start(another), **ADA)
        assert (await ada.post("/admin/sign-in/school/open", data={"is_open": "false"})).status_code == 303
        assert (await another.get(back)).status_code == 404
        assert (await another.get("/signin/with/school")).status_code == 404
    await ada.post("/admin/sign-in/school/remove")
    assert "/admin/sign-in/school/remove" not in (await ada.get("/admin/sign-in")).text


async def test_an_administrator_adds_a_provider_on_the_page_and_its_secret_is_sealed(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    form = {
        "id": "school",
        "label": "With my school account",
        "issuer": school.issuer,
        "client_id": CLIENT_ID,
        "secret": SECRET,
        "is_local": "on",
    }
    added = await ada.post("/admin/sign-in/provider", data=form)
    assert "http://localhost:8600/signin/with/school/callback" in added.text
    assert SECRET not in added.text.replace("&amp;", "&")
    assert "It answers as it should." in (await ada.post("/admin/sign-in/school/check")).text
    kept = await house.context("identity").database.read(lambda c: c.execute(sources.select()).one())
    assert SECRET.encode() not in bytes(kept.secret)
    assert SECRET not in kept.settings
    assert (await ada.post("/admin/sign-in/provider", data=form)).status_code == 409
    assert (await ada.post("/admin/sign-in/provider", data={**form, "issuer": "x"})).status_code == 422


async def test_only_administrators_see_and_change_where_people_come_from(
    house: Installation, ada: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await known_here(house, school)
    await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob:
        await bob.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        assert (await bob.get("/admin/sign-in")).status_code == 403
        for act in ("check", "open", "remove"):
            assert (await bob.post(f"/admin/sign-in/school/{act}", data={"is_open": "x"})).status_code in (
                400,
                403,
                422,
            )
    assert "With my school account" in (await ada.get("/admin/sign-in")).text


async def _bound(house: Installation) -> int:
    return await house.context("identity").database.read(lambda c: len(list(c.execute(bindings.select()))))


async def test_groups_named_there_become_groups_of_the_organisation_here(
    house: Installation, browser: httpx.AsyncClient, school: OutsideProvider
) -> None:
    await house.call(
        "identity.organisation_add", {"name": "The School", "slug": "the-school", "kind": "", "owner": ""}
    )
    await known_here(house, school, organisation="the-school")
    await welcomed(browser, await come_in(browser, school, groups=["teachers", "choir"]))
    service = house.context("identity").service
    person = (await house.call("identity.user_find", {"name": "ada.l"}))["id"]

    async def groups() -> dict[str, set[str]]:
        return {
            membership.slug: {group.name for group in membership.groups}
            for membership in await service.memberships.of_person(person)
        }

    assert await groups() == {"the-school": {"teachers", "choir"}}
    authority = await service.organisations.operator("the-school")
    by_hand = await service.groups.add(authority, "football")
    mine = [g.id for g in (await service.groups.all(authority))[0]]
    await service.groups.set_groups_of(authority, person, [*mine, by_hand.id])
    async with house.client(headers=SAME_ORIGIN) as another:
        await come_in(another, school, groups=["teachers", "not\u0000a name"])
        assert await groups() == {"the-school": {"teachers", "football"}}
        await come_in(another, school, groups=None)
        assert await groups() == {"the-school": {"teachers", "football"}}, "nothing said changes nothing"


async def test_an_organisation_that_is_not_there_is_refused_at_once(
    house: Installation, school: OutsideProvider
) -> None:
    with pytest.raises(BadInput):
        await known_here(house, school, organisation="nowhere")
