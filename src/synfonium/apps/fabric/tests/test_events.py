"""Whoever listens hears of what is theirs, or was granted: live, after an outage, and of nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cloudevents.core.formats.json import JSONFormat  # type: ignore[import-untyped]

from synfonium.apps.fabric.service import hub
from synfonium.testing.client import Installation, installation

from .events_house import Someone, installed
from .listening import listening

LONG_AGO = "00000000z8wt6463mcvsaxp5jj"
REVOKED_S = 1.0
"""When a revoked credential may no longer work, anywhere."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    return await Someone.come(house, "ana")


async def test_a_person_hears_of_their_own_files_and_of_nobody_elses(
    house: Installation, ana: Someone
) -> None:
    bob = await house.person("bob")
    async with listening(house, ana.token) as hers, listening(house, bob) as his:
        await ana.put("budget.txt")
        event = await hers.event()
        assert (event["type"], event["specversion"]) == ("drive.file.written", "1.0")
        assert event["source"] == "http://localhost:8600/drive"
        assert event["data"]["path"].split() == [event["subject"], "drive:root"]
        assert await his.nothing()


async def test_who_was_away_hears_what_they_missed_once_and_in_order(
    house: Installation, ana: Someone
) -> None:
    async with listening(house, ana.token) as first:
        await ana.put("one.txt")
        await first.event()
    for name in ("two.txt", "three.txt"):
        await ana.put(name)
    async with listening(house, ana.token, after=first.last_id) as again:
        missed = [await again.event() for _ in range(2)]
        await ana.put("four.txt")
        missed.append(await again.event())
        assert await again.nothing()
    assert len({event["id"] for event in missed}) == 3
    assert [event["time"] for event in missed] == sorted(event["time"] for event in missed)


async def test_who_heard_nothing_yet_goes_on_from_where_they_came(house: Installation, ana: Someone) -> None:
    async with listening(house, ana.token) as earlier:
        await ana.put("before.txt")
        await earlier.event()
    async with listening(house, ana.token) as first:
        assert await first.nothing()
    await ana.put("meanwhile.txt")
    seen = {"last-event-id": first.last_id}
    async with listening(house, ana.token, headers=seen) as again:
        await again.event()
        assert await again.nothing()


@pytest.mark.parametrize(
    ("after", "status", "code"),
    [
        (LONG_AGO, 410, "fabric.too_long_ago"),
        ("nonsense", 422, "bad_input"),
        ("x" * 26, 410, "fabric.too_long_ago"),
    ],
)
async def test_what_the_journal_does_not_reach_is_said(
    house: Installation, ana: Someone, after: str, status: int, code: str
) -> None:
    async with listening(house, ana.token, after=after) as refused:
        assert refused.status == status
        assert json.loads(refused.problem)["code"] == code


async def test_an_app_hears_only_of_what_it_was_granted_and_only_while_it_is(
    house: Installation, ana: Someone
) -> None:
    app = await installed(house)
    for name in ("Shared", "Private"):
        await ana.folder(name)
    shared = await ana.address_of("Shared")
    async with listening(house, ana.token) as earlier:
        await ana.put("Shared/before.txt")
        await earlier.event()
    grant = await ana.give("hello", shared)
    async with listening(house, await app.agreed(ana.browser)) as hears:
        await ana.put("Private/secret.txt")
        await ana.put("Shared/plan.txt")
        event = await hears.event()
        assert event["subject"] == await ana.address_of("plan.txt", shared), (
            "neither another's nor what was before"
        )
        assert JSONFormat().read(None, json.dumps(event).encode()).get_type() == "drive.file.written"
        await ana.revoke(grant)
        assert (await hears.event())["type"] == "fabric.grant.revoked"
        await ana.put("Shared/later.txt")
        assert await hears.nothing()


async def test_an_app_learns_nothing_of_who_the_person_is_or_what_lies_above(
    house: Installation, ana: Someone
) -> None:
    app = await installed(house)
    await ana.folder("Outer")
    outer = await ana.address_of("Outer")
    await ana.folder("Outer/Inner")
    inner = await ana.address_of("Inner", outer)
    await ana.give("hello", inner)
    async with listening(house, await app.agreed(ana.browser)) as hears:
        await ana.put("Outer/Inner/plan.txt")
        event = await hears.event()
    assert event["data"]["path"].split() == [event["subject"], inner]
    said = json.dumps(event)
    assert ana.id not in said
    assert outer not in said
    assert "drive:root" not in said
    assert event["person"] == event["data"]["owner"] != ""


async def test_a_right_that_was_taken_back_hears_nothing_of_the_time_when_it_was_in_force(
    house: Installation, ana: Someone
) -> None:
    app = await installed(house)
    token = await app.agreed(ana.browser)
    grant = await ana.give("hello", "drive:root")
    async with listening(house, token, types="drive.file.written") as first:
        assert await first.nothing()
    await ana.put("plan.txt")
    async with listening(house, token, types="drive.file.written", after=first.last_id) as before:
        await before.event()
    await ana.revoke(grant)
    async with listening(house, token, types="drive.file.written", after=first.last_id) as after:
        assert await after.nothing()


async def test_of_two_apps_each_hears_of_its_own_and_of_its_own_rights(
    house: Installation, ana: Someone
) -> None:
    one = await installed(house)
    other = await installed(house, "other", "http://127.0.0.1:9101")
    async with (
        listening(house, await one.agreed(ana.browser)) as first,
        listening(house, await other.agreed(ana.browser)) as second,
    ):
        await ana.give("hello", "drive:root")
        given = await first.event()
        assert (given["type"], given["data"]["app"]) == ("fabric.grant.given", "hello")
        await ana.put("plan.txt")
        await first.event()
        assert await second.nothing()


async def test_a_file_that_leaves_a_granted_folder_is_told_and_not_where_it_went(
    house: Installation, ana: Someone
) -> None:
    app = await installed(house)
    for name in ("From", "To"):
        await ana.folder(name)
    await ana.put("From/plan.txt")
    source = await ana.address_of("From")
    await ana.give("hello", source)
    async with listening(house, await app.agreed(ana.browser)) as hears:
        async with house.client(token=ana.token) as client:
            target = {"destination": "http://localhost:8600/dav/files/ana/To/plan.txt"}
            moved = await client.request("MOVE", "/dav/files/ana/From/plan.txt", headers=target)
            assert moved.status_code == 201
        event = await hears.event()
    assert event["type"] == "drive.file.moved"
    assert event["data"]["path_before"].split() == [source]
    assert event["data"]["path"] == ""


@pytest.mark.parametrize(
    ("types", "status", "code"), [("drive.node.removed", 422, "bad_input"), ("*", 422, "bad_input")]
)
async def test_an_app_hears_no_type_that_its_manifest_does_not_name(
    house: Installation, ana: Someone, types: str, status: int, code: str
) -> None:
    app = await installed(house)
    async with listening(house, await app.agreed(ana.browser), types=types) as refused:
        assert (refused.status, json.loads(refused.problem)["code"]) == (status, code)


async def test_an_app_that_declares_nothing_hears_nothing(house: Installation, ana: Someone) -> None:
    app = await installed(house, listens=None)
    async with listening(house, await app.agreed(ana.browser)) as refused:
        assert (refused.status, json.loads(refused.problem)["code"]) == (403, "fabric.nothing_declared")


async def test_a_stream_ends_with_its_credential(house: Installation, ana: Someone) -> None:
    app = await installed(house)
    await ana.give("hello", "drive:root")
    token = await app.agreed(ana.browser)
    async with listening(house, token) as hears, listening(house, token) as too:
        await ana.put("one.txt")
        await hears.event()
        async with house.client() as client:
            fields = {"token": token, "client_id": app.client_id}
            assert (await client.post("/oauth/revoke", data=fields)).status_code == 200
        await too.event()
        await asyncio.sleep(REVOKED_S)
        await ana.put("two.txt")
        for ended in (hears, too):
            with pytest.raises(EOFError):
                await ended.event()


async def test_too_many_connections_of_one_are_refused_and_the_others_hear(
    house: Installation, ana: Someone
) -> None:
    house.context("fabric").service.hub._most_each = 2
    bob = await house.person("bob")
    async with listening(house, ana.token), listening(house, ana.token):
        async with listening(house, ana.token) as refused:
            assert (refused.status, json.loads(refused.problem)["code"]) == (429, "fabric.too_many_listen")
        async with listening(house, bob) as his:
            assert his.status == 200
    async with listening(house, ana.token) as again:
        assert again.status == 200


async def let_go(house: Installation) -> None:
    ears = house.context("fabric").service.hub._ears
    async with asyncio.timeout(10):
        while not any(ear.is_behind for some in ears.values() for ear in some):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_reader_that_takes_nothing_is_let_go_and_finds_everything_when_it_comes_back(
    house: Installation, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "BUFFERED", 3)
    async with listening(house, ana.token) as first:
        first.stalls.clear()
        for number in range(8):
            await ana.put(f"{number}.txt")
        await let_go(house)
        first.stalls.set()
        await first.ended.wait()
        heard = first.heard()
    assert len(heard) < 8
    async with listening(house, ana.token, after=first.last_id) as again:
        while len(heard) < 8:
            heard.append(await again.event())
        assert await again.nothing()
    assert len({event["id"] for event in heard}) == 8
