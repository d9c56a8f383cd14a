"""What a PC was given: which of it shows, under which names, and how a person opens a thing in it."""

from synfonium.apps.fabric.contract import Action, Grant, Limits
from synfonium.apps.pc.model.given import MOST_SHOWN, shown
from synfonium.apps.pc.tests.test_doors import JSON, machine_of
from synfonium.common.ids import AppName, GrantId, PersonId
from synfonium.testing.client import Installation


def grant(number: int, object_: str, *actions: Action, until_s: float = 0.0) -> Grant:
    return Grant(
        id=GrantId(f"{number:026}"),
        person=PersonId("ana"),
        app=AppName("pc"),
        subject="pc:machine/1",
        object=object_,
        actions=frozenset(actions or ("read",)),
        limits=Limits(until_s=until_s),
        since_s=0,
    )


def test_of_each_thing_the_widest_right_shows_and_what_is_over_does_not() -> None:
    given = [
        grant(1, "drive:node/a"),
        grant(2, "drive:node/a", "read", "write"),
        grant(3, "drive:node/b", until_s=50.0),
        grant(4, "other:thing/c"),
        grant(5, "drive:root"),
    ]
    assert [one.id[-1] for one in shown(given, 100.0)] == ["2", "4", "5"]
    assert [one.id[-1] for one in shown(given, 10.0)] == ["2", "3", "4", "5"]


def test_the_eight_oldest_show_and_stay_when_more_are_given() -> None:
    given = [grant(number, f"drive:node/{number}") for number in range(1, 20)]
    assert [one.id for one in shown(given[::-1], 0.0)] == [one.id for one in given[:MOST_SHOWN]]


async def pc_grants(house: Installation, machine: str) -> list[Grant]:
    arguments = {"subject": f"pc:machine/{machine}"}
    found: list[Grant] = await house.runtime.call("fabric.grants_for", arguments, caller="pc")
    return list(found)


async def given_to_the_app(house: Installation, token: str, actions: str = "read,write") -> str:
    async with house.client(token=token) as client:
        form = {"app": "pc", "subject": "", "object": "drive:root", "actions": actions}
        assert (await client.post("/fabric/grants", data=form)).status_code == 303
    found = await house.runtime.call("fabric.grants_for", {"subject": "pc:app"}, caller="pc")
    return str(found[-1].id)


async def test_what_is_opened_in_a_pc_is_cut_for_it_and_its_taking_back_ends_all(house: Installation) -> None:
    token = await house.person("ana")
    grant_id = await given_to_the_app(house, token, "read")
    async with house.client(token=token) as ana:
        machine = await machine_of(ana, house)
        asked = (await ana.get(f"/pc/open?grant={grant_id}&intent=view")).text
        assert machine in asked
        opened = await ana.post("/pc/open", data={"grant": grant_id, "machine": machine})
        (aimed,) = await pc_grants(house, machine)
        assert opened.headers["location"] == f"/pc/{machine}/screen?given={aimed.id}"
        assert (aimed.parent, aimed.actions, aimed.label) == (grant_id, frozenset({"read"}), "Bureau")
        # The page offers to end what was given to open it, not only the part that was cut.
        assert f"/fabric/grants/{grant_id}/revoke" in (await ana.get("/pc")).text
        await ana.post(f"/fabric/grants/{grant_id}/revoke", data={})
        assert await pc_grants(house, machine) == []
        assert (await ana.get(f"/pc/open?grant={grant_id}")).status_code == 404


async def test_who_has_no_pc_gets_one_that_is_made_and_runs(house: Installation) -> None:
    token = await house.person("ana")
    grant_id = await given_to_the_app(house, token)
    async with house.client(token=token) as ana:
        opened = await ana.post("/pc/open", data={"grant": grant_id})
        assert opened.status_code == 303, opened.text
        (machine,) = await house.call("pc.list")
        assert (machine["state"], machine["name"]) == ("running", "PC")
        assert len(await pc_grants(house, str(machine["id"]))) == 1


async def test_nobody_opens_with_anothers_right_nor_in_anothers_pc(house: Installation) -> None:
    ana_token, bob_token = await house.person("ana"), await house.person("bob")
    grant_id = await given_to_the_app(house, ana_token)
    async with house.client(token=bob_token, headers=JSON) as bob:
        theirs = await machine_of(bob, house, "Atelier")
        assert (await bob.get(f"/pc/open?grant={grant_id}")).status_code == 404
        stolen = await bob.post("/pc/open", data={"grant": grant_id, "machine": theirs})
        assert (stolen.status_code, stolen.json()["code"]) == (404, "pc.not_given")
    async with house.client(token=ana_token) as ana:
        assert (await ana.post("/pc/open", data={"grant": grant_id, "machine": theirs})).status_code == 404
    assert await pc_grants(house, theirs) == []


async def test_a_pc_that_is_deleted_leaves_no_right_behind(house: Installation) -> None:
    token = await house.person("ana")
    async with house.client(token=token) as ana:
        machine = await machine_of(ana, house)
        form = {"app": "pc", "subject": f"pc:machine/{machine}", "object": "drive:root", "actions": "read"}
        await ana.post("/fabric/grants", data=form)
        assert len(await pc_grants(house, machine)) == 1
        await ana.post(f"/pc/machine/{machine}/delete")
    assert await pc_grants(house, machine) == []


async def test_the_page_leads_to_the_picker_for_each_pc_and_the_screen_too(house: Installation) -> None:
    async with house.client(token=await house.person("ana")) as ana:
        machine = await machine_of(ana, house)
        page = (await ana.get("/pc")).text
        asked = f"subject=pc:machine/{machine}&amp;interfaces=folder/1,file/1"
        way = f"/fabric/pick?for=pc&amp;{asked}&amp;actions="
        assert f"{way}read,write&amp;back=/pc" in page
        assert f"{way}read&amp;back=/pc" in page
        await ana.post(f"/pc/machine/{machine}/start")
        assert f"{way}read,write&amp;back=/pc/brought" in (await ana.get(f"/pc/{machine}/screen")).text
        assert (await ana.get("/pc/brought")).status_code == 200


async def test_the_picker_names_the_pc_that_it_chooses_for(house: Installation) -> None:
    await house.person("ana")
    async with house.client(headers={"sec-fetch-site": "same-origin"}) as ana:
        await ana.post("/signin", data={"name": "ana", "password": "ana-password-1"})
        machine = await machine_of(ana, house, "Bureau")
        way = "/fabric/pick?for=pc&subject=pc:machine/"
        assert "Choose for Bureau (PC)" in (await ana.get(f"{way}{machine}")).text
        assert (await ana.get(f"{way}{'0' * 26}", headers=JSON)).status_code == 403
