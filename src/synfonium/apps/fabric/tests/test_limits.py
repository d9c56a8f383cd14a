"""What bounds a right when it is given, and while it lasts, at every door."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from synfonium.apps.fabric.contract import DETAIL_TYPE, Action, Grant, Grants, Limits
from synfonium.apps.fabric.errors import NotYours, UnknownGrant
from synfonium.apps.fabric.service.authenticator import GrantAuthenticator
from synfonium.apps.fabric.service.delegation import Narrowed
from synfonium.apps.fabric.service.grants import Granting
from synfonium.apps.fabric.tests.site import pages, site
from synfonium.apps.identity.contract import AccessTokens, AppAccess
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

from .events_house import Someone, installed

LASTS_S = 60.0
SOON_S = 2.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home", {"SYNFONIUM_FABRIC_LOCAL_APPS": "true"}) as running:
        yield running


@pytest.fixture
async def ana(house: Installation) -> Someone:
    someone = await Someone.come(house, "ana")
    await someone.put("tea.txt", b"green")
    return someone


def granting_of(house: Installation) -> Granting:
    found: Granting = house.context("fabric").service.granting
    return found


async def statuses(house: Installation, grant: Grant, secret: str) -> list[object]:
    """Of each door that the secret opens: the file, its folder, and the question whether it may."""
    async with house.client(token=secret) as app:
        read = await app.get(f"/dav/grants/{grant.id}")
        listed = await app.request("PROPFIND", f"/dav/grants/{grant.id}/", headers={"depth": "1"})
        asked = await app.post("/fabric/check", json={"path": [grant.object], "action": "read"})
    return [read.status_code, listed.status_code, asked.json().get("allowed")]


async def test_a_right_whose_time_is_over_opens_no_door(
    house: Installation, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await installed(house, door="")
    tea, clock = await ana.address_of("tea.txt"), house.runtime.house.clock
    limits = Limits(until_s=clock.now_s() + LASTS_S)
    granting = granting_of(house)
    grant = await granting.give(ana.id, "hello", tea, frozenset[Action]({"read"}), limits=limits)
    secret = (await granting.secret(GrantId(grant.id), "hello")).secret
    assert await statuses(house, grant, secret) == [200, 207, True]
    now_s = clock.now_s
    monkeypatch.setattr(type(clock), "now_s", lambda _self: now_s() + LASTS_S)
    assert await statuses(house, grant, secret) == [404, 404, False]


async def test_nobody_gives_what_is_anothers(house: Installation, ana: Someone) -> None:
    await installed(house, door="")
    tea, bob = await ana.address_of("tea.txt"), await Someone.come(house, "bob")
    given = {"app": "hello", "subject": "", "object": tea, "actions": "read"}
    refused = await bob.browser.post("/fabric/grants", data=given, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (403, "fabric.not_yours")
    with pytest.raises(NotYours):
        await granting_of(house).give(bob.id, "hello", tea, frozenset[Action]({"read"}))
    assert not await granting_of(house).of_app("hello", bob.id)


async def test_nobody_gives_more_than_the_app_says_that_they_may(house: Installation, ana: Someone) -> None:
    """The things of the other app are Ana's to read, and no more."""
    async with site() as there:
        there.answer = pages({"hello:page/1": ["hello:page/1"]})
        await installed(house, origin=there.origin, door="")
        await installed(house, "other", door="")
        granting = granting_of(house)
        with pytest.raises(NotYours):
            await granting.give(ana.id, "other", "hello:page/1", frozenset[Action]({"read", "write"}))
        assert await granting.give(ana.id, "other", "hello:page/1", frozenset[Action]({"read"}))


class Claims:
    """A context in which every access token says what the test says."""

    def __init__(self, context: Any, access: AppAccess) -> None:
        self._context, self._access = context, access
        self.database = context.database

    def offer(self, protocol: type[Any]) -> Any:
        return self if protocol is AccessTokens else self._context.offer(protocol)

    async def of(self, token: str) -> AppAccess:
        return self._access


async def test_a_token_carries_only_rights_of_its_own_app_and_its_own_person(
    house: Installation, ana: Someone
) -> None:
    """Also when what it says of itself is wrong."""
    bob, context = await Someone.come(house, "bob"), house.context("fabric")
    await bob.put("his.txt")
    own, _other = await installed(house, door=""), await installed(house, "other", door="")
    tea, his = await ana.address_of("tea.txt"), await bob.address_of("his.txt")
    granting, read = granting_of(house), frozenset[Action]({"read"})
    given = [
        await granting.give(ana.id, "hello", tea, read),
        await granting.give(ana.id, "other", tea, read),
        await granting.give(bob.id, "hello", his, read),
    ]
    details = tuple({"type": DETAIL_TYPE, "grant": one.id} for one in given)
    access = AppAccess(person=ana.id, client_id=own.client_id, scopes=(), details=details)
    shower = GrantAuthenticator(Claims(context, access), context.offer(Grants))  # type: ignore[arg-type]
    found = await shower.by_token("any")
    assert found is not None
    assert found.grants == (given[0].id,)


async def test_what_a_suspended_person_gave_opens_nothing(house: Installation, ana: Someone) -> None:
    await installed(house, door="")
    tea, granting = await ana.address_of("tea.txt"), granting_of(house)
    grant = await granting.give(ana.id, "hello", tea, frozenset[Action]({"read"}))
    secret = (await granting.secret(GrantId(grant.id), "hello")).secret
    async with house.client(token=secret) as app:
        assert (await app.get(f"/dav/grants/{grant.id}")).status_code == 200
        await house.context("identity").service.people.suspend(ana.id, by="operator")
        async with asyncio.timeout(SOON_S):
            while (await app.get(f"/dav/grants/{grant.id}")).status_code != 401:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_who_shows_a_biscuit_passes_no_right_on(house: Installation, ana: Someone) -> None:
    """It may be narrower than its row, of which a new row would know nothing."""
    await installed(house, door="")
    await installed(house, "other", door="")
    tea, granting, read = await ana.address_of("tea.txt"), granting_of(house), frozenset[Action]({"read"})
    grant = await granting.give(ana.id, "hello", tea, read)
    holder = Person(id=ana.id, name="ana", display="", grants=(grant.id,))
    biscuit = await granting.token(holder, grant.id, Narrowed())
    async with house.client(token=biscuit) as app:
        assert (await app.get(f"/dav/grants/{grant.id}")).status_code == 200
        for door in ("delegate", "token"):
            refused = await app.post(f"/fabric/grants/{grant.id}/{door}", json={"app": "other"})
            assert refused.status_code == 403, door
    shower = structs.replace(holder, caveats=b"narrowed")
    with pytest.raises(UnknownGrant):
        await granting.delegate(shower, grant.id, "other", tea, read, Limits())
    with pytest.raises(UnknownGrant):
        await granting.token(shower, grant.id, Narrowed())
    assert not await granting.of_app("other", ana.id)
