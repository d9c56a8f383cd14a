"""When something happens, then an action is done: once, with its person's rights, and never in a circle."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from synfonium.apps.fabric.model.automation import Rule, Run
from synfonium.apps.fabric.service.automation import Automation
from synfonium.apps.fabric.store import automation as store
from synfonium.apps.fabric.tests.acting import act, names_in, person_id
from synfonium.common.event import Event
from synfonium.common.ids import EventId, PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

WRITTEN, TRASHED = "drive.file.written", "drive.node.trashed"
PATIENCE_S = 20.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


def rules_of(house: Installation) -> Automation:
    found: Automation = house.context("fabric").service.automation
    return found


async def rule(house: Installation, person: PersonId, action: str, **fields: Any) -> Rule:
    wanted = Rule(id="", person=person, name="A rule", **{"event": WRITTEN, "action": action, **fields})
    return await rules_of(house).make(Person(id=person, name="", display=""), wanted)


async def settled(house: Installation, person: PersonId, made: Rule, runs: int = 1) -> list[Run]:
    """The history of a rule when it has looked at that many events, and is at rest."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = list(await rules_of(house).history(person, made.id))
            if len(found) >= runs and all(run.state not in ("waiting", "running") for run in found):
                return found
            await asyncio.sleep(0.02)


async def quiet(house: Installation) -> None:
    """Returns when Drive has told all, and the rules have looked at it."""
    drive = house.context("drive")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            waiting, _given_up = await drive.database.read(drive.outbox.counts)
            if not waiting:
                break
            await asyncio.sleep(0.02)
    await rules_of(house).idle()


async def event(house: Installation, type_: str, subject: str, owner: str, id_: str = "") -> Event:
    told = Event(
        id=EventId(id_ or new_id()),
        type=type_,
        source=type_.partition(".")[0],
        subject=subject,
        time_s=house.context("fabric").clock.now_s(),
        data={"owner": owner},
    )
    await rules_of(house).hear([told])
    await rules_of(house).idle()
    return told


async def test_a_file_that_arrives_in_a_folder_is_copied_and_its_rule_says_so(house: Installation) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    inbox = (await act(house, token, "drive.new_folder", "drive:root", name="In")).json()["object"]
    await act(house, token, "drive.new_folder", "drive:root", name="Out")
    out = (await act(house, token, "drive.find", "drive:root", query="Out")).json()["items"][0]["object"]
    made = await rule(
        house,
        person,
        "drive.copy_to",
        object=inbox,
        title="*.TXT",
        media_type="text/*",
        target="{event.subject}",
        input={"into": out},
    )
    await act(house, token, "drive.new_text", inbox, name="a.txt", text="Tombola")
    await act(house, token, "drive.new_text", inbox, name="b.md", text="not asked for")
    await act(house, token, "drive.new_text", "drive:root", name="c.txt", text="elsewhere")
    assert [run.state for run in await settled(house, person, made)] == ["done"]
    assert "a.txt" in await names_in(house, "ana", token, "Out")
    await quiet(house)
    assert len(await rules_of(house).history(person, made.id)) == 1


async def test_what_is_put_into_the_trash_from_a_folder_is_heard_by_that_folders_rule(
    house: Installation,
) -> None:
    """It is there no more when the rule looks: where it lay the fact says."""
    token = await house.person("ana")
    person = await person_id(house, "ana")
    inbox = (await act(house, token, "drive.new_folder", "drive:root", name="In")).json()["object"]
    deep = (await act(house, token, "drive.new_folder", inbox, name="Deep")).json()["object"]
    told = {"target": "drive:root", "input": {"name": "Heard"}}
    made = await rule(house, person, "drive.new_folder", event=TRASHED, object=inbox, **told)
    named = await rule(house, person, "drive.new_folder", event=TRASHED, object=inbox, title="*", **told)
    for folder in ("drive:root", deep):
        node = (await act(house, token, "drive.new_text", folder, name="a.txt", text="")).json()["object"]
        await act(house, token, "drive.move_to_trash", node)
    (run,) = await settled(house, person, made)
    assert (run.state, run.subject) == ("done", node)
    assert "Heard" in await names_in(house, "ana", token)
    await quiet(house)
    # What it was called nobody can see any more.
    assert not await rules_of(house).history(person, named.id)


async def test_an_event_that_comes_twice_is_done_once(house: Installation) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    node = (await act(house, token, "drive.new_text", "drive:root", name="a", text="")).json()["object"]
    made = await rule(
        house, person, "drive.new_folder", event="drive.file.moved", target="drive:root", input={"name": "x"}
    )
    told = await event(house, "drive.file.moved", node, person)
    await rules_of(house).hear([told])
    await rules_of(house).idle()
    assert [run.state for run in await rules_of(house).history(person, made.id)] == ["done"]


async def test_what_happened_before_a_rule_was_made_is_none_of_its_business(house: Installation) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    node = (await act(house, token, "drive.new_text", "drive:root", name="a", text="")).json()["object"]
    before_s = house.context("fabric").clock.now_s()
    await asyncio.sleep(0.01)
    action = {"action": "drive.new_text", "target": "drive:root", "input": {"name": "x", "text": ""}}
    made = await rule(house, person, event="drive.file.moved", **action)
    late = Event(
        id=EventId(new_id()),
        type="drive.file.moved",
        source="drive",
        subject=node,
        time_s=before_s,
        data={"owner": person},
    )
    await rules_of(house).hear([late])
    await rules_of(house).idle()
    assert not await rules_of(house).history(person, made.id)
    await event(house, "drive.file.moved", node, person)
    assert len(await rules_of(house).history(person, made.id)) == 1


async def test_what_is_heard_while_the_last_look_finds_nothing_is_looked_at(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    node = (await act(house, token, "drive.new_text", "drive:root", name="a", text="")).json()["object"]
    action = {"action": "drive.new_text", "target": "drive:root", "input": {"name": "x", "text": ""}}
    made = await rule(house, person, event="drive.file.moved", **action)
    loop, next_of, told = asyncio.get_running_loop(), store.next_of, [0]

    def next_and_then_one_more(connection: Connection, person: PersonId) -> Run | None:
        found = next_of(connection, person)
        if found is None and not told[0]:
            told[0] = 1
            late = Event(
                id=EventId(new_id()),
                type="drive.file.moved",
                source="drive",
                subject=node,
                time_s=house.context("fabric").clock.now_s(),
                data={"owner": person},
            )
            asyncio.run_coroutine_threadsafe(rules_of(house).hear([late]), loop).result(PATIENCE_S)
        return found

    monkeypatch.setattr(store, "next_of", next_and_then_one_more)
    await event(house, "drive.file.moved", node, person)
    assert [run.state for run in await settled(house, person, made, runs=2)] == ["done", "done"]


async def test_a_rule_that_would_set_itself_off_stops_there(house: Installation) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    made = await rule(
        house, person, "drive.new_text", target="drive:root", input={"name": "again.txt", "text": "x"}
    )
    await act(house, token, "drive.new_text", "drive:root", name="a.txt", text="")
    found = await settled(house, person, made, runs=2)
    assert sorted(run.state for run in found) == ["done", "skipped"]
    assert "again 2.txt" not in " ".join(await names_in(house, "ana", token))


async def test_two_rules_that_would_go_round_stop(house: Installation) -> None:
    token = await house.person("ana")
    person = await person_id(house, "ana")
    one = await rule(house, person, "drive.new_text", target="drive:root", input={"name": "1", "text": ""})
    two = await rule(house, person, "drive.new_text", target="drive:root", input={"name": "2", "text": ""})
    await act(house, token, "drive.new_text", "drive:root", name="a.txt", text="")
    await settled(house, person, one, runs=3)
    await settled(house, person, two, runs=3)
    await asyncio.sleep(0.5)
    done = [run for made in (one, two) for run in await rules_of(house).history(person, made.id)]
    assert sum(run.state == "done" for run in done) == 4
    assert max(len(run.chain) for run in done) == 2


async def test_a_rule_has_its_persons_rights_and_no_others(house: Installation) -> None:
    ana, bob = await house.person("ana"), await house.person("bob")
    person, other = await person_id(house, "ana"), await person_id(house, "bob")
    theirs = (await act(house, bob, "drive.new_folder", "drive:root", name="Bob")).json()["object"]
    with pytest.raises(Problem, match="no_object"):
        await rule(house, person, "drive.new_folder", target=theirs, input={"name": "x"})
    made = await rule(
        house, person, "drive.new_folder", event=TRASHED, target="{event.subject}", input={"name": "x"}
    )
    # An event of another person's thing is not this person's to hear, whoever it claims to be of.
    await event(house, TRASHED, theirs, other)
    assert not await rules_of(house).history(person, made.id)
    await event(house, TRASHED, theirs, person)
    assert [run.state for run in await rules_of(house).history(person, made.id)] == ["failed"]
    assert await names_in(house, "bob", bob, "Bob") == {"Bob"}
    assert ana


async def test_a_rule_that_fails_three_times_is_paused_and_its_person_is_told(house: Installation) -> None:
    await house.person("ana")
    person = await person_id(house, "ana")
    made = await rule(
        house, person, "drive.new_folder", event=TRASHED, target="{event.subject}", input={"name": "x"}
    )
    told: list[Any] = []
    context, call = house.context("fabric"), house.context("fabric").call

    async def listening(command: str, arguments: Any = None, progress: Any = None) -> Any:
        told.append((command, arguments)) if command.startswith("notifications") else None
        return await call(command, arguments, progress)

    context.call = listening
    for number in range(5):
        await event(house, TRASHED, f"drive:node/ghost{number}", person)
    found = await rules_of(house).one(person, made.id)
    assert (found.enabled, found.paused_why) == (False, "failed")
    assert len(await rules_of(house).history(person, made.id)) == 3
    assert [command for command, _arguments in told] == ["notifications.notify"]
    assert told[0][1]["person"] == person
    await rules_of(house).pause(person, made.id, enabled=True)
    assert (await rules_of(house).one(person, made.id)).failures == 0


async def test_a_rule_that_does_too_much_is_paused(
    house: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synfonium.apps.fabric.service.automation.MOST_AN_HOUR", 2)
    await house.person("ana")
    person = await person_id(house, "ana")
    made = await rule(house, person, "search.search_web", event=TRASHED, input={"query": "{event.subject}"})
    for number in range(4):
        await event(house, TRASHED, f"drive:node/n{number}", person)
    assert len(await rules_of(house).history(person, made.id)) == 2
    assert (await rules_of(house).one(person, made.id)).paused_why == "often"


async def test_nobody_sees_or_changes_anothers_rule(house: Installation) -> None:
    await house.person("ana")
    await house.person("bob")
    person, other = await person_id(house, "ana"), await person_id(house, "bob")
    made = await rule(house, person, "search.search_web", input={"query": "x"})
    automation, bob = rules_of(house), Person(id=other, name="", display="")
    assert not await automation.of_person(other)
    for doing in (
        automation.one(other, made.id),
        automation.history(other, made.id),
        automation.pause(other, made.id, enabled=False),
        automation.remove(other, made.id),
        automation.rehearse(bob, made.id, "drive:root"),
    ):
        with pytest.raises(Problem, match="no_rule"):
            await doing


async def test_a_rule_is_tried_without_doing_anything(house: Installation) -> None:
    token = await house.person("ana")
    actor = Person(id=await person_id(house, "ana"), name="", display="")
    made = await rule(
        house, actor.id, "drive.new_folder", object="drive:root", target="{event.subject}", input={"name": ""}
    )
    with pytest.raises(Problem, match="wrong_input"):
        await rules_of(house).rehearse(actor, made.id, "drive:root")
    other = await rule(
        house, actor.id, "drive.new_folder", target="drive:root", input={"name": "x"}, title="*.z"
    )
    assert not await rules_of(house).rehearse(actor, other.id, "drive:root")
    assert len(await names_in(house, "ana", token)) == 1


async def test_what_was_interrupted_is_not_done_again(house: Installation) -> None:
    await house.person("ana")
    person = await person_id(house, "ana")
    made = await rule(house, person, "search.search_web", event=TRASHED, input={"query": "x"})
    told = await event(house, TRASHED, "drive:node/n", person)
    database = house.context("fabric").database
    done = (await rules_of(house).history(person, made.id))[0]
    await database.write(lambda c: store.put(c, msgspec.structs.replace(done, state="running")))
    await rules_of(house).start()
    await rules_of(house).hear([told])
    await rules_of(house).idle()
    found = (await rules_of(house).history(person, made.id))[0]
    assert (found.state, found.problem) == ("failed", "fabric.interrupted")


async def test_a_fact_of_a_stranger_about_somebody_elses_thing_moves_no_rule(house: Installation) -> None:
    await house.person("ana")
    person = await person_id(house, "ana")
    made = await rule(house, person, "search.search_web", event=TRASHED, input={"query": "x"})
    forged = Event(
        id=EventId(new_id()),
        type=TRASHED,
        source="evil",
        subject="drive:node/x",
        time_s=1.0,
        data={"owner": person},
    )
    await rules_of(house).hear([forged])
    await rules_of(house).idle()
    assert not await rules_of(house).history(person, made.id)
