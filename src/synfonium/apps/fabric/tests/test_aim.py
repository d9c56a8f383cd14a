"""An app aims what it was given at a part of itself, and never at another's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synfonium.apps.fabric.contract import Grant
from synfonium.apps.fabric.errors import NotYours, UnknownGrant
from synfonium.common.problem import BadInput
from synfonium.testing.client import Installation, installation

from .test_grants import give


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


async def machine_of(house: Installation, person: str, name: str) -> str:
    made = await house.call("pc.create", {"owner": person, "name": name})
    return f"pc:machine/{made['id']}"


async def aim(house: Installation, grant: str, subject: str, caller: str = "pc") -> Grant:
    arguments = {"grant": grant, "subject": subject}
    aimed: Grant = await house.runtime.call("fabric.grant_aim", arguments, caller=caller)
    return aimed


async def in_force(house: Installation, subject: str) -> list[str]:
    found = await house.runtime.call("fabric.grants_for", {"subject": subject}, caller="pc")
    return [grant.id for grant in found]


async def test_what_is_aimed_says_the_same_bears_the_name_and_ends_with_what_it_was_cut_from(
    house: Installation,
) -> None:
    token = await house.person("ana")
    grant = await give(house, token, actions="read")
    desk = await machine_of(house, "ana", "Bureau")
    aimed = await aim(house, grant, desk)
    assert (aimed.parent, aimed.actions, aimed.object) == (grant, frozenset({"read"}), "drive:root")
    assert (aimed.subject, aimed.label) == (desk, "Bureau")
    assert (await aim(house, grant, desk)).id == aimed.id
    assert await in_force(house, desk) == [aimed.id]
    async with house.client(token=token) as client:
        await client.post(f"/fabric/grants/{grant}/revoke", data={})
    assert await in_force(house, desk) == []


async def test_nothing_is_aimed_at_another_persons_part_nor_by_another_app(house: Installation) -> None:
    grant = await give(house, await house.person("ana"))
    await house.person("bob")
    theirs = await machine_of(house, "bob", "Atelier")
    own = await machine_of(house, "ana", "Bureau")
    with pytest.raises(NotYours):
        await aim(house, grant, theirs)
    with pytest.raises(BadInput):
        await aim(house, grant, "drive:root")
    for caller, subject in (("search", own), ("pc", "")):
        with pytest.raises(UnknownGrant):
            await aim(house, grant, subject, caller)
    assert await in_force(house, theirs) == await in_force(house, own) == []


async def test_a_grant_for_a_part_of_an_app_is_called_like_that_part(house: Installation) -> None:
    token = await house.person("ana")
    desk = await machine_of(house, "ana", "Bureau")
    form = {"app": "pc", "subject": desk, "object": "drive:root", "actions": "read"}
    async with house.client(token=token) as client:
        assert (await client.post("/fabric/grants", data=form)).status_code == 303
    found = await house.runtime.call("fabric.grants_for", {"subject": desk}, caller="pc")
    assert [grant.label for grant in found] == ["Bureau"]
