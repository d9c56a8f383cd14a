"""What people gave to software that knows only folders: where it shows, and who may ask for it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

import pytest

from synfonium.apps.fabric.contract import Action, Grant, Limits
from synfonium.apps.fabric.errors import NoSuchApp, UnknownGrant
from synfonium.apps.fabric.model.mounts import MOST_EACH, MOST_SHOWN, Given, places
from synfonium.apps.fabric.service.mounting import AllGiven
from synfonium.common.ids import PersonId
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

from .outside_app import OutsideApp, manifest


def given(number: int, title: str = "Agenda", *, user: str = "ana", **changes: object) -> Given:
    fields = {"grant": f"{number:026}", "user": user, "object": f"drive:node/{number}", "title": title}
    return Given(**{**fields, **changes})  # type: ignore[arg-type]


def test_each_thing_is_a_folder_of_its_person() -> None:
    shown = places([given(1), given(2, "Été.txt", is_folder=False), given(3, user="bob")], {})
    assert list(shown) == ["ana/Agenda", "ana/Été", "bob/Agenda"]


def test_a_path_stays_while_others_come_and_go_also_after_a_new_start() -> None:
    numbers: dict[str, int] = {}
    assert list(places([given(1), given(2)], numbers)) == ["ana/Agenda", "ana/Agenda 2"]
    kept = dict(numbers)
    assert list(places([given(2)], numbers)) == ["ana/Agenda 2"]
    # A new process knows the numbers alone; a thing of the same title that comes finds the name free.
    again = {key: number for key, number in kept.items() if key == given(2).key}
    assert list(places([given(2), given(3)], again)) == ["ana/Agenda 2", "ana/Agenda"]
    assert set(again) == {given(2).key, given(3).key}


def test_of_a_thing_that_is_given_twice_the_wider_right_shows_at_the_same_path() -> None:
    read = given(1, object="drive:node/a")
    write = given(2, "Renamed", object="drive:node/a", can_write=True)
    assert places([read, write], {}) == {"ana/Agenda": write}
    assert places([write], {}) == {"ana/Renamed": write}


def test_with_one_each_a_person_is_the_first_folder_that_they_gave() -> None:
    held = [given(1, is_folder=False), given(2, "Second"), given(3, "Third"), given(4, user="bob")]
    assert {place: one.title for place, one in places(held, {}, one_each=True).items()} == {
        "ana": "Second",
        "bob": "Agenda",
    }


@pytest.mark.parametrize(
    "title", ["..", "/etc", "../../bob/Agenda", "", ".ssh", "a\0b", "x" * 4000, "‮gpj", "é/è"]
)
def test_no_title_leads_out_of_the_folder_of_its_person(title: str) -> None:
    ((place, _one),) = places([given(1, title)], {}).items()
    parts = PurePosixPath(place).parts
    assert len(parts) == 2
    assert parts[0] == "ana"
    assert not parts[1].startswith(".")
    assert len(parts[1].encode()) < 255


@pytest.mark.parametrize("user", ["", "..", ".", "a/b", ".hidden", "a\nb"])
def test_a_name_that_is_no_folder_shows_nowhere(user: str) -> None:
    assert places([given(1, user=user)], {}) == {}


def test_nobody_fills_the_computer_with_what_they_give() -> None:
    many = [given(number, f"T{number}") for number in range(1, 50)]
    assert list(places(many, {})) == [f"ana/T{number}" for number in range(1, MOST_EACH + 1)]
    crowd = [given(number, user=f"p{number}") for number in range(1, 2 * MOST_SHOWN)]
    assert len(places(crowd, {})) == MOST_SHOWN


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        await OutsideApp.install(running, manifest("hello", scopes=["openid", "profile"]))
        await running.person("ana")
        yield running


async def give(
    house: Installation, name: str, *actions: Action, until_s: float = 0.0, uses: int = -1
) -> Grant:
    person = (await house.call("identity.user_find", {"name": name}))["id"]
    granting = house.context("fabric").service.granting
    given: Grant = await granting.give(
        PersonId(str(person)),
        "hello",
        "drive:root",
        frozenset(actions or ("read",)),
        limits=Limits(until_s=until_s, uses=uses),
    )
    return given


async def all_given(house: Installation, seen: int = -1) -> AllGiven:
    asked = {"name": "hello", "seen": seen}
    found: AllGiven = await house.runtime.call("fabric.app_given", asked, caller="cli")
    return found


async def test_the_operator_is_told_of_what_is_in_force_and_that_as_soon_as_it_changes(
    house: Installation,
) -> None:
    before = await all_given(house)
    assert before.given == ()
    waiting = asyncio.create_task(all_given(house, before.seen))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    grant = await give(house, "ana", "read", "write")
    told = await asyncio.wait_for(waiting, 1.0)
    ((one),) = told.given
    assert (one.grant, one.user, one.is_folder, one.can_write) == (grant.id, "ana", True, True)
    began_s = time.monotonic()
    waiting = asyncio.create_task(all_given(house, told.seen))
    await house.context("fabric").service.granting.revoke(_holder(grant), grant.id)
    assert (await waiting).given == ()
    assert time.monotonic() - began_s < 1.0


def _holder(grant: Grant) -> Person:
    return Person(id=grant.person, name="", display="")


async def test_the_secret_opens_what_was_given_until_it_is_taken_back(house: Installation) -> None:
    grant = await give(house, "ana")
    assert [one.has_secret for one in (await all_given(house)).given] == [False]
    asked = {"name": "hello", "grant": grant.id}
    secret = await house.runtime.call("fabric.app_grant_secret", asked, caller="cli")
    assert [one.has_secret for one in (await all_given(house)).given] == [True]
    async with house.client(token=secret.secret) as client:
        door = f"/dav/grants/{grant.id}/"
        assert (await client.request("PROPFIND", door, headers={"depth": "0"})).status_code == 207
        assert (await client.put(f"{door}new.txt", content=b"x")).status_code == 403
        await house.context("fabric").service.granting.revoke(_holder(grant), grant.id)
        assert (await client.request("PROPFIND", door, headers={"depth": "0"})).status_code == 401
    with pytest.raises(UnknownGrant):
        await house.runtime.call("fabric.app_grant_secret", asked, caller="cli")


@pytest.mark.parametrize("caller", ["pc", "hello", "drive", "fabric"])
async def test_only_the_command_line_may_ask(house: Installation, caller: str) -> None:
    grant = await give(house, "ana")
    for command in ("app_given", "app_grant_secret"):
        with pytest.raises(Forbidden):
            await house.runtime.call(f"fabric.{command}", {"name": "hello", "grant": grant.id}, caller=caller)


async def test_what_is_over_counted_or_of_somebody_suspended_does_not_show(house: Installation) -> None:
    for name in ("bob", "eve"):
        await house.person(name)
    clock = house.context("fabric").clock
    await give(house, "ana", until_s=clock.now_s() + 1.0)
    await give(house, "bob", uses=3)
    await give(house, "eve")
    assert [one.user for one in (await all_given(house)).given] == ["ana", "eve"]
    eve = PersonId(str((await house.call("identity.user_find", {"name": "eve"}))["id"]))
    await house.context("identity").service.people.suspend(eve, by="operator")
    await asyncio.sleep(1.0)
    assert (await all_given(house)).given == ()


async def test_an_app_that_a_person_alone_has_is_not_the_operators_to_look_into(house: Installation) -> None:
    content = json.dumps(manifest("hers"))
    asked = {"manifest": content, "origin": "http://127.0.0.1:9101", "person": "ana"}
    await house.call("fabric.app_install", asked)
    for name in ("hers", "drive", "ghost"):
        with pytest.raises(NoSuchApp):
            await house.runtime.call("fabric.app_given", {"name": name}, caller="cli")
