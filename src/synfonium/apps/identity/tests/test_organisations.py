"""Organisations and families: their members, groups, quotas, and who may change them."""

import msgspec
import pytest

from synfonium.apps.identity.contract import Organisations
from synfonium.apps.identity.errors import (
    AlreadyMember,
    LastOwner,
    NameTaken,
    NotManaged,
    OrganisationClosed,
    SlugTaken,
    TitleTaken,
)
from synfonium.apps.identity.model.organisations import name_for, numbered, parse_size
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.members import NewMember
from synfonium.apps.identity.service.organisations import Authority
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Forbidden, NotFound
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation

from .conftest import SAME_ORIGIN


@pytest.fixture
def identity(house: Installation) -> IdentityService:
    service: IdentityService = house.context("identity").service
    return service


@pytest.fixture
def organisations(house: Installation) -> Organisations:
    offered: Organisations = house.context("identity").offer(Organisations)
    return offered


async def person(house: Installation, name: str) -> PersonId:
    await house.person(name)
    return PersonId((await house.call("identity.user_find", {"name": name}))["id"])


async def made(house: Installation, slug: str, **arguments: str) -> Authority:
    """An organisation, and all that can be done with it."""
    service: IdentityService = house.context("identity").service
    await house.call("identity.organisation_add", {"slug": slug, "name": slug.title(), **arguments})
    return await service.organisations.operator(slug)


async def added(identity: IdentityService, authority: Authority, name: str, role: str = "member") -> PersonId:
    account, _link = await identity.members.add(authority, NewMember(user_name=name, role=role))  # type: ignore[arg-type]
    return account.id


async def acting(identity: IdentityService, name: str) -> Person:
    account = await identity.people.named(name)
    return Person(id=account.id, name=name, display=name, is_administrator=account.is_administrator)


async def test_a_person_may_be_in_several_with_a_role_and_groups_in_each(
    house: Installation, identity: IdentityService, organisations: Organisations
) -> None:
    bob = await person(house, "bob")
    club = await made(house, "club", owner="bob")
    home = await made(house, "home", kind="family")
    group = await identity.groups.add(club, "Rowers")
    await identity.groups.set_groups_of(club, bob, [group.id])
    await identity.members.join(home, bob, role="administrator")
    found = await organisations.of_person(bob)
    assert [(one.slug, one.kind, one.role) for one in found] == [
        ("club", "organisation", "owner"),
        ("home", "family", "administrator"),
    ]
    assert [one.name for one in found[0].groups] == ["Rowers"]
    assert await organisations.of_group(group.id) == (bob,)
    with pytest.raises(AlreadyMember):
        await identity.members.join(home, bob, role="member")


async def test_the_organisation_that_manages_an_account_gives_its_storage(
    house: Installation, identity: IdentityService, organisations: Organisations
) -> None:
    school = await made(house, "school", total="1 TB", each="10 GB")
    home = await made(house, "home", kind="family", total="50 GB")
    pupil = await added(identity, school, "pupil")
    await identity.members.join(home, pupil, role="member")
    quota = await organisations.quota_of(pupil)
    assert quota is not None
    assert quota.pool is not None
    assert (quota.limit_bytes, quota.pool.limit_bytes) == (10**10, 10**12)
    await identity.members.set_quota(school, pupil, 25)
    changed = await organisations.quota_of(pupil)
    assert changed is not None
    assert changed.limit_bytes == 25
    assert await organisations.of_pool(home.organisation.id) == ()
    assert await organisations.of_pool(school.organisation.id) == (pupil,)


async def test_a_family_shares_its_pool_and_nobody_else_has_a_quota(
    house: Installation, identity: IdentityService, organisations: Organisations
) -> None:
    bob, eve = await person(house, "bob"), await person(house, "eve")
    home = await made(house, "home", kind="family", total="50 GB", owner="bob")
    quota = await organisations.quota_of(bob)
    assert quota is not None
    assert quota.limit_bytes is None
    assert quota.pool is not None
    assert quota.pool.limit_bytes == 50 * 10**9
    assert await organisations.quota_of(eve) is None
    with pytest.raises(BadInput):
        await identity.members.set_quota(home, bob, 51 * 10**9)


async def test_names_that_look_the_same_are_refused(house: Installation, identity: IdentityService) -> None:
    club = await made(house, "club")
    for alike in ("Club", "CLUB", "C l u b", "C1ub"):
        with pytest.raises(TitleTaken):
            await identity.organisations.make(alike, "other", "family", by=PersonId("x"))
    for mixed in ("Сlub", "Clυb", "Cl\u202eub", ""):
        with pytest.raises(BadInput):
            await identity.organisations.make(mixed, "other", "family", by=PersonId("x"))
    with pytest.raises(SlugTaken):
        await identity.organisations.make("Other", "club", "family", by=PersonId("x"))
    await identity.groups.add(club, "6e A")
    with pytest.raises(TitleTaken):
        await identity.groups.add(club, "6è a")
    await added(identity, club, "paul")
    with pytest.raises(NameTaken):
        await added(identity, club, "PAUL")


async def test_an_administrator_changes_members_and_neither_owners_nor_other_administrators(
    house: Installation, identity: IdentityService
) -> None:
    club = await made(house, "club")
    for name, role in (
        ("olga", "owner"),
        ("anna", "administrator"),
        ("alan", "administrator"),
        ("mia", "member"),
    ):
        await added(identity, club, name, role)
    anna = await identity.organisations.authority(await acting(identity, "anna"), "club")
    ids = {name: (await identity.people.named(name)).id for name in ("olga", "alan", "mia")}
    for name in ("olga", "alan"):
        for act in (identity.members.suspend, identity.members.remove, identity.members.link_for):
            with pytest.raises(Forbidden):
                await act(anna, ids[name])
    with pytest.raises(Forbidden):
        await identity.members.set_role(anna, ids["mia"], "administrator")
    with pytest.raises(Forbidden):
        await identity.members.add(anna, NewMember(user_name="x-ray", role="owner"))
    with pytest.raises(Forbidden):
        await identity.organisations.authority(await acting(identity, "mia"), "club")
    await identity.members.suspend(anna, ids["mia"])
    with pytest.raises(NotFound):
        await identity.organisations.authority(await acting(identity, "mia"), "club")


async def test_a_managed_administrator_of_the_installation_is_out_of_reach(
    house: Installation, identity: IdentityService
) -> None:
    club = await made(house, "club")
    await added(identity, club, "olga", "owner")
    mia = await added(identity, club, "mia")
    await identity.people.set_administrator(mia, True, by=PersonId("x"))
    olga = await identity.organisations.authority(await acting(identity, "olga"), "club")
    with pytest.raises(NotManaged):
        await identity.members.link_for(olga, mia)
    await identity.members.suspend(olga, mia)
    assert not (await identity.people.named("mia")).is_suspended
    await identity.organisations.suspend(club)
    assert not (await identity.people.named("mia")).is_suspended


async def test_somebody_always_owns_it(house: Installation, identity: IdentityService) -> None:
    club = await made(house, "club")
    olga = await added(identity, club, "olga", "owner")
    with pytest.raises(LastOwner):
        await identity.members.set_role(club, olga, "member")
    with pytest.raises(LastOwner):
        await identity.members.remove(club, olga)
    with pytest.raises(LastOwner):
        await identity.members.suspend(club, olga)
    await added(identity, club, "otto", "owner")
    await identity.members.set_role(club, olga, "member")


async def test_a_person_with_an_account_of_their_own_keeps_it(
    house: Installation, identity: IdentityService
) -> None:
    bob = await person(house, "bob")
    club = await made(house, "club")
    await identity.members.join(club, bob, role="member")
    await identity.members.suspend(club, bob)
    assert not (await identity.people.named("bob")).is_suspended
    with pytest.raises(NotManaged):
        await identity.members.link_for(club, bob)
    await identity.organisations.suspend(club)
    assert not (await identity.people.named("bob")).is_suspended
    await identity.members.remove(club, bob)
    assert not (await identity.people.named("bob")).is_suspended


async def test_suspending_an_organisation_shuts_out_its_accounts_and_no_other(
    house: Installation, identity: IdentityService
) -> None:
    club = await made(house, "club")
    await identity.members.add_silently(
        club, NewMember(user_name="mia"), await identity.passwords.hash("mia-password-1")
    )
    kept_out = await added(identity, club, "max")
    await identity.members.suspend(club, kept_out)
    async with house.client(headers=SAME_ORIGIN) as browser:
        by_password = {"name": "mia", "password": "mia-password-1"}
        assert (await browser.post("/signin", data=by_password)).status_code == 303
        await identity.organisations.suspend(club)
        assert (await browser.get("/settings/security")).status_code == 303
        assert (await browser.post("/signin", data=by_password)).status_code == 403
        closed = await identity.organisations.operator("club")
        with pytest.raises(OrganisationClosed):
            await added(identity, closed, "new")
        await identity.organisations.resume(closed)
        assert (await browser.post("/signin", data=by_password)).status_code == 303
    assert (await identity.people.named("max")).is_suspended


async def test_what_the_installation_closed_an_organisation_does_not_open(
    house: Installation, identity: IdentityService
) -> None:
    club = await made(house, "club")
    mia = await added(identity, club, "mia")
    await identity.people.suspend(mia, by=PersonId("x"))
    await identity.members.suspend(club, mia)
    await identity.members.resume(club, mia)
    assert (await identity.people.named("mia")).is_suspended
    await identity.people.resume(mia, by=PersonId("x"))
    assert not (await identity.people.named("mia")).is_suspended


async def test_whoever_leaves_a_managed_account_is_shut_out(
    house: Installation, identity: IdentityService, organisations: Organisations
) -> None:
    club = await made(house, "club")
    mia = await added(identity, club, "mia")
    group = await identity.groups.add(club, "Rowers")
    await identity.groups.set_groups_of(club, mia, [group.id])
    await identity.members.remove(club, mia)
    assert (await identity.people.named("mia")).is_suspended
    assert await organisations.of_person(mia) == ()
    assert await organisations.of_group(group.id) == ()


async def test_nobody_outside_learns_that_an_organisation_is_there(
    house: Installation, identity: IdentityService
) -> None:
    await person(house, "bob")
    await made(house, "club")
    bob = await acting(identity, "bob")
    for slug in ("club", "nothing"):
        with pytest.raises(NotFound):
            await identity.organisations.authority(bob, slug, "member")


async def test_people_are_added_from_a_pasted_list_all_or_none(
    house: Installation, identity: IdentityService
) -> None:
    club = await made(house, "club")
    await house.call("identity.organisation_group", {"slug": "club", "name": "6e A"})
    lines = "paul.martin; Paul Martin; 6e A\n\nlea\tLéa Petit\n"
    found = await house.call("identity.organisation_import", {"slug": "club", "lines": lines})
    assert [(one["name"], one["display"]) for one in found["people"]] == [
        ("paul.martin", "Paul Martin"),
        ("lea", "Léa Petit"),
    ]
    assert all("/welcome/" in one["url"] for one in found["people"])
    for wrong in ("tom; Tom; 5e Z", "tom; Tom; 6e A; more", "tom\nlea"):
        with pytest.raises((BadInput, NameTaken)):
            await house.call("identity.organisation_import", {"slug": "club", "lines": wrong})
    assert await identity.members.count(club) == 2


async def test_commands_make_share_out_and_list(house: Installation, identity: IdentityService) -> None:
    await made(house, "club", total="5 GB")
    await house.call("identity.user_add", {"name": "mia", "organisation": "club", "role": "owner"})
    await house.call("identity.organisation_quota", {"slug": "club", "total": "6,5 Go", "each": ""})
    listed = (await house.call("identity.organisation_list"))["organisations"]
    assert [(one["slug"], one["members"], one["total_bytes"]) for one in listed] == [
        ("club", 1, 6_500_000_000)
    ]
    assert (await house.call("identity.organisation_list", {"after": "club"}))["organisations"] == []
    people = (await house.call("identity.user_list", {"organisation": "club"}))["people"]
    assert [one["name"] for one in people] == ["mia"]
    with pytest.raises(BadInput):
        await house.call("identity.organisation_quota", {"slug": "club", "total": "6 GB", "each": "7 GB"})


def test_a_name_to_sign_in_with_is_made_from_what_a_directory_calls_somebody() -> None:
    assert name_for("Paul.Martin@school.example") == "paul.martin"
    assert name_for("Zoé Ümit") == "zoe-umit"
    assert name_for("李") == "person"
    assert name_for("x" * 50) == "x" * 32
    assert numbered("x" * 32, 12) == "x" * 29 + "-12"


def test_sizes_are_read_as_people_write_them() -> None:
    sizes = {"": None, "500": 500, "20 GB": 20 * 10**9, "1,5 To": 15 * 10**11, "2\u202fMo": 2 * 10**6}
    assert {text: parse_size(text) for text in sizes} == sizes
    for wrong in ("-1", "1e9", "many", "1 XB", "9" * 30):
        with pytest.raises(ValueError):
            parse_size(wrong)


async def test_an_authority_is_good_for_one_organisation(
    house: Installation, identity: IdentityService
) -> None:
    club, other = await made(house, "club"), await made(house, "other")
    mia = await added(identity, club, "mia")
    group = await identity.groups.add(club, "Rowers")
    above = msgspec.structs.replace(other, rank=4)
    for act in (
        identity.members.suspend(above, mia),
        identity.members.resume(above, mia),
        identity.members.remove(above, mia),
        identity.members.link_for(above, mia),
        identity.members.set_role(above, mia, "owner"),
        identity.members.set_quota(above, mia, 1),
        identity.groups.rename(above, group.id, "Mine"),
        identity.groups.remove(above, group.id),
        identity.groups.set_groups_of(above, mia, []),
        identity.members.add(above, NewMember(user_name="spy", groups=(group.id,))),
    ):
        with pytest.raises(NotFound):
            await act
    assert await identity.members.count(other) == 0
