"""Administrators add people, hand them a link, suspend them; somebody always administers."""

import re

import httpx
import pytest

from synfonium.apps.identity.contract import People, Profile
from synfonium.apps.identity.store.tables import audit, outbox
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN, MovedClock


def link_in(page: str) -> str:
    return re.findall(r'value="http://localhost:8600/welcome/(\w+)"', page)[0]


async def person_id(house: Installation, name: str) -> PersonId:
    return PersonId((await house.call("identity.user_find", {"name": name}))["id"])


async def added(ada: httpx.AsyncClient, name: str = "bob") -> str:
    page = await ada.post("/admin/people", data={"name": name, "display": "Bob"})
    assert page.status_code == 200, page.text
    return link_in(page.text)


async def test_an_added_person_comes_in_by_their_link_and_chooses_a_password(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    link = await added(ada)
    async with house.client(headers=SAME_ORIGIN) as bob:
        assert "bob" in (await bob.get(f"/welcome/{link}")).text
        entered = await bob.post(
            "/welcome", data={"link": link, "password": "a long sentence", "name": "eve"}
        )
        assert entered.status_code == 303
        assert (await bob.get("/settings/security")).status_code == 200
        assert (await bob.get("/admin/people")).status_code == 403
        await bob.post("/signout")
        assert (
            await bob.post("/signin", data={"name": "bob", "password": "a long sentence"})
        ).status_code == 303
        assert (await bob.post("/welcome", data={"link": link, "password": "another one"})).status_code == 410


async def test_a_link_for_a_person_expires(
    house: Installation, ada: httpx.AsyncClient, clock: MovedClock
) -> None:
    link = await added(ada)
    clock.ahead_s = 72 * 3600 + 1
    assert (await ada.get(f"/welcome/{link}")).status_code == 410


async def test_a_name_is_given_once(ada: httpx.AsyncClient) -> None:
    await added(ada)
    assert (await ada.post("/admin/people", data={"name": "bob"})).status_code == 409
    assert (await ada.post("/admin/people", data={"name": "b/ob"})).status_code == 422


async def test_a_suspended_person_is_out_at_once_and_back_when_resumed(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    token = await house.person("bob")
    async with house.client(headers=SAME_ORIGIN) as bob, house.client(token=token) as program:
        by_password = {"name": "bob", "password": "bob-password-1"}
        await bob.post("/signin", data=by_password)
        where = f"/admin/people/{await person_id(house, 'bob')}"
        assert (await ada.post(f"{where}/suspend")).status_code == 303
        assert (await bob.get("/settings/security")).status_code == 303
        assert (await program.get("/settings/security")).status_code == 401
        refused = await bob.post("/signin", data=by_password)
        assert refused.status_code == 403
        assert (await ada.post(f"{where}/link")).status_code == 403
        await ada.post(f"{where}/resume")
        assert (await bob.post("/signin", data=by_password)).status_code == 303
        assert (await program.get("/settings/security")).status_code == 200


async def test_the_last_administrator_stays(house: Installation, ada: httpx.AsyncClient) -> None:
    where = f"/admin/people/{await person_id(house, 'ada')}"
    assert (await ada.post(f"{where}/suspend")).status_code == 409
    assert (await ada.post(f"{where}/administrator", data={"is_administrator": "false"})).status_code == 409
    await house.person("bob", administrator=True)
    assert (await ada.post(f"{where}/administrator", data={"is_administrator": "false"})).status_code == 303
    assert (await ada.get("/admin/people")).status_code == 403


async def test_only_administrators_see_people_and_sites(house: Installation) -> None:
    async with house.client(token=await house.person("bob")) as bob:
        for path in ("/admin/people", "/admin/apps"):
            assert (await bob.get(path)).status_code == 403
        assert (await bob.post("/admin/people", data={"name": "eve"})).status_code == 403
    async with house.client() as nobody:
        assert (await nobody.post("/admin/people", data={"name": "eve"})).status_code == 401


async def test_what_happens_to_people_is_written_down_without_names(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    added_events = await house.context("identity").database.read(
        lambda c: [(row.act, row.subject) for row in c.execute(audit.select())]
    )
    acts = [act for act, _subject in added_events]
    assert acts == [
        "identity.person.add",
        "identity.token.add",
        "identity.person.token",
        "identity.session.begin",
    ]
    assert all("ada" not in subject for _act, subject in added_events)
    events = await house.context("identity").database.read(lambda c: list(c.execute(outbox.select())))
    assert all(b"ada" not in row.data for row in events)


async def test_other_apps_look_people_up_and_change_their_profile(house: Installation) -> None:
    await house.person("bob")
    context = house.context("identity")
    people: People = context.offer(People)
    profile: Profile = context.offer(Profile)
    bob = await people.by_name("bob")
    assert bob is not None
    await profile.set_locale(bob.id, "fr")
    await profile.set_scheme(bob.id, "dark")
    await profile.set_display(bob.id, "  Bob the Builder ")
    changed = await people.by_id(bob.id)
    assert changed is not None
    assert changed.display == "Bob the Builder"
    for refused in (
        profile.set_locale(bob.id, "xx"),
        profile.set_scheme(bob.id, "pink"),
        profile.set_display(bob.id, "a\u202eb"),
    ):
        with pytest.raises(BadInput):
            await refused
    assert await people.by_name("eve") is None


async def test_people_are_listed_and_found_by_command(house: Installation) -> None:
    await house.person("bob")
    await house.person("ada", administrator=True)
    listed = (await house.call("identity.user_list"))["people"]
    assert [(one["name"], one["is_administrator"]) for one in listed] == [("ada", True), ("bob", False)]
    assert (await house.call("identity.user_list", {"after": "bob"}))["people"] == []


async def test_coming_in_by_a_link_again_closes_devices_that_may_be_lost(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    await house.person("bob")
    link = (await house.call("identity.user_link", {"name": "bob"}))["url"].rpartition("/")[2]
    async with house.client(headers=SAME_ORIGIN) as lost, house.client(headers=SAME_ORIGIN) as new:
        await lost.post("/signin", data={"name": "bob", "password": "bob-password-1"})
        entered = await new.post("/welcome", data={"link": link, "password": "a long sentence"})
        assert entered.status_code == 303
        assert (await lost.get("/settings/security")).status_code == 303
        assert (await new.get("/settings/security")).status_code == 200
