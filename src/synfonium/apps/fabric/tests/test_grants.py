"""A grant opens one object, for one app, until it is taken back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.testing.client import Installation, installation

GIVE = {
    "app": "pc",
    "subject": "",
    "object": "drive:root",
    "actions": "read,write",
    "label": "Bureau",
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def give(house: Installation, token: str, **changes: str) -> str:
    """Gives the grant of GIVE and returns its id."""
    async with house.client(token=token) as client:
        answer = await client.post("/fabric/grants", data={**GIVE, **changes})
        assert answer.status_code == 303, answer.text
    found = await house.runtime.call("fabric.grants_for", {"subject": "pc:app"}, caller="pc")
    return str(found[-1].id)


async def test_a_grants_secret_opens_what_was_given_and_nothing_else(house: Installation) -> None:
    grant = await give(house, await house.person("ana"))
    secret = (await house.runtime.call("fabric.grant_secret", {"grant": grant}, caller="pc")).secret
    async with house.client(token=secret) as client:
        for path in ("/fabric/grants", "/fabric/search?q=a", "/settings"):
            assert (await client.get(path)).status_code == 403, path
        inside = await client.request("PROPFIND", f"/dav/grants/{grant}/", headers={"depth": "0"})
        assert inside.status_code == 207
        outside = await client.request("PROPFIND", "/dav/files/ana/", headers={"depth": "0"})
        assert outside.status_code in (403, 404)


async def test_a_grant_that_is_taken_back_ends_at_once(house: Installation) -> None:
    token = await house.person("ana")
    grant = await give(house, token)
    secret = (await house.runtime.call("fabric.grant_secret", {"grant": grant}, caller="pc")).secret
    async with house.client(token=token) as client:
        assert (await client.post(f"/fabric/grants/{grant}/revoke", data={})).status_code == 303
        again = await client.post(f"/fabric/grants/{grant}/revoke", data={})
        assert (again.status_code, again.json()["code"]) == (404, "fabric.unknown_grant")
    async with house.client(token=secret) as client:
        refused = await client.request("PROPFIND", f"/dav/grants/{grant}/", headers={"depth": "0"})
        assert refused.status_code == 401


async def test_the_same_right_given_twice_is_one_grant(house: Installation) -> None:
    token = await house.person("ana")
    assert await give(house, token) == await give(house, token)


async def test_nobody_takes_back_what_another_gave(house: Installation) -> None:
    grant = await give(house, await house.person("ana"))
    async with house.client(token=await house.person("bob")) as client:
        assert (await client.post(f"/fabric/grants/{grant}/revoke", data={})).status_code == 404


async def test_only_the_grants_own_app_gets_its_secret(house: Installation) -> None:
    grant = await give(house, await house.person("ana"))
    with pytest.raises(Exception, match="unknown_grant"):
        await house.runtime.call("fabric.grant_secret", {"grant": grant}, caller="search")
    with pytest.raises(Exception, match="forbidden"):
        await house.runtime.call("fabric.grants_for", {"subject": "pc:app"}, caller="search")


async def test_a_new_secret_ends_the_one_before(house: Installation) -> None:
    grant = await give(house, await house.person("ana"))
    first = (await house.runtime.call("fabric.grant_secret", {"grant": grant}, caller="pc")).secret
    await house.runtime.call("fabric.grant_secret", {"grant": grant}, caller="pc")
    async with house.client(token=first) as client:
        refused = await client.request("PROPFIND", f"/dav/grants/{grant}/", headers={"depth": "0"})
        assert refused.status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"app": "ghost", "subject": "ghost:x/1"},
        {"subject": "drive:node/1"},
        {"object": "../etc"},
        {"actions": "burn"},
        {"app": "p" * 31},
    ],
)
async def test_what_is_not_a_grant_is_refused_and_nothing_written(
    house: Installation, changes: dict[str, str]
) -> None:
    async with house.client(token=await house.person("ana")) as client:
        answer = await client.post("/fabric/grants", data={**GIVE, **changes})
    assert answer.status_code == 422, answer.text
    assert await house.runtime.call("fabric.grants_for", {"subject": "pc:app"}, caller="pc") == []


async def test_a_stranger_cannot_send_people_elsewhere(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as client:
        answer = await client.post("/fabric/grants", data={**GIVE, "next": "//evil.example/"})
    assert answer.headers["location"] == "/fabric/grants"
