"""What one app hears of another, finds of it, does with it, and has done for a person by a rule."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from tests.journeys.matrix.cells import App, acted, ruled, told
from tests.journeys.matrix.givers import Thing, is_on, switch_off, written
from tests.journeys.matrix.room import Room
from tests.journeys.matrix.world import QUIET_S, Somebody, eventually

from synfonium.apps.fabric.contract import DESKTOP, FILE, FOLDER, DeclaredAction

TOP_STAYS = "drive.top_stays"


def subscribe(room: Room, one: App, to: App) -> None:
    """By webhook, and by server-sent events with a token of the app's."""
    giver = room.givers[one.name]
    assert giver.happens in told(room.keeper(one), to)
    thing, kept, beside = room.things(one, [FILE, FILE, FILE])
    room.takers[to.name].pick(thing)
    client = room.hello.client
    with (
        client.token(room.ana, kept.of, kept.title, ("read",)) as app,
        heard(app, giver.happens) as events,
    ):
        for changed in (beside, thing):
            giver.change(room.ana, changed)
        eventually(lambda: thing.address in events, f"{to.name} hears nothing")
        eventually(lambda: "changed since" in room.hello.said(thing), "the webhook says nothing")
        room.ana.take_back(to.name, thing.address)
        events.clear()
        for changed in (thing, kept):
            giver.change(room.ana, changed)
        eventually(lambda: kept.address in events, f"{to.name} hears nothing more")
        assert set(events) == {kept.address}


@contextmanager
def heard(app: httpx.Client, type_: str) -> Iterator[list[str]]:
    """Subjects of the facts that an app hears, as they come."""
    subjects: list[str] = []
    with app.stream("GET", "/fabric/events", params={"types": type_}, timeout=60) as stream:
        assert stream.status_code == 200

        def listen() -> None:
            try:
                lines = (line for line in stream.iter_lines() if line.startswith("data:"))
                subjects.extend(json.loads(line.removeprefix("data:"))["subject"] for line in lines)
            except (httpx.HTTPError, httpx.StreamError, OSError):
                pass

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield subjects


def query(room: Room, one: App, to: App) -> None:
    if to.has_credential:
        _finds_what_it_was_granted(room, one, to)
        return
    thing = room.givers[one.name].thing(room.ana, FILE)
    eventually(lambda: room.ana.finds(thing.word, thing.of), "it is not in the index")
    assert room.search.finds(room.ana, thing)
    assert not room.search.finds(room.bob, thing)


def _finds_what_it_was_granted(room: Room, one: App, to: App) -> None:
    thing, beside = room.things(one, [FILE, FILE])
    with room.hello.client.token(room.ana, thing.of, thing.title, ("read",)) as app:
        for there in (thing, beside):
            eventually(lambda there=there: room.ana.finds(there.word, there.of), "it is not in the index")
        assert found(app, thing) == [thing.address]
        assert found(app, beside) == []
        room.ana.take_back(to.name, thing.address)
        assert found(app, thing) == []


def found(app: httpx.Client, thing: Thing) -> list[str]:
    answer = app.get("/fabric/search", params={"q": thing.word})
    return [hit["address"] for hit in answer.json()["hits"]] if answer.status_code == 200 else []


def act(room: Room, one: App, to: App) -> None:
    """Every action that it may ask for, with a thing of its own each. A right to a thing is none to its
    place: what was given itself is neither renamed nor moved."""
    done: list[bool] = []
    for action in acted(room.keeper(one), to):
        thing, beside = room.things(one, [FILE, FILE])
        with room.hello.client.token(room.ana, thing.of, thing.title, ("read", action.needs)) as app:
            assert (sees(app, thing), sees(app, beside)) == (True, False)
            assert doing(app, action, beside).status_code in (403, 404)
            before = _state(room, thing)
            answer = doing(app, action, thing)
            is_done = answer.status_code == 200
            assert is_done or answer.json()["code"] == TOP_STAYS, (action.name, answer.text)
            assert (_state(room, thing) != before) == (is_done and action.effect != "look")
            done.append(is_done)
            room.ana.take_back(to.name, thing.address)
            assert doing(app, action, thing).status_code in (401, 403, 404)
            assert not sees(app, thing)
    assert any(done)


def sees(app: httpx.Client, thing: Thing) -> bool:
    """What the home says to a token of the app about a thing."""
    return app.get("/fabric/objects", params={"address": thing.address}).status_code == 200


def doing(app: httpx.Client, action: DeclaredAction, thing: Thing) -> httpx.Response:
    body = {"object": thing.address, "input": filled(action, f"{thing.word}-done.txt")}
    return app.post(f"/fabric/actions/{action.name}", json=body)


def filled(action: DeclaredAction, word: str) -> Mapping[str, str]:
    """Each text that it must have; an input of another kind needs a way of its own here."""
    wanted = {name: action.input["properties"][name] for name in action.input.get("required", ())}
    assert all(one["type"] == "string" for one in wanted.values()), action.name
    return dict.fromkeys(wanted, word)


def _state(room: Room, thing: Thing) -> tuple[int, Any, Any]:
    answer = room.ana.program.get("/fabric/objects", params={"address": thing.address})
    shown = answer.json()
    return answer.status_code, shown.get("title"), shown.get("revision")


def rule(room: Room, one: App, to: App) -> None:
    """When something happens in `one`, an action of `to` is done, with the person's own rights."""
    giver = room.givers[one.name]
    fact = giver.happens
    assert fact in {told.type for told in room.keeper(one).manifest.synfonium.emits}
    (thing,) = room.things(one, [FILE if FILE in room.keeper(one).faces else DESKTOP])
    action, target, word = _ruled(room, to)
    form = {"_event": fact, "_action": action.name, "_name": word, "_within": thing.address}
    form |= {"_target": target.address if target else "", **filled(action, word)}
    refused = room.bob.post("/fabric/rules", form)
    assert refused.status_code == 422, "Bob's rule is about what is Ana's"
    made = room.ana.post("/fabric/rules", form)
    assert made.status_code == 303, made.text
    giver.change(room.ana, thing)
    eventually(lambda: is_done_for(room.ana, to, target, word), f"the rule of {to.name} does nothing")
    rule_url = made.headers["location"].partition("?")[0]
    assert room.ana.post(f"{rule_url}/remove", {}).status_code == 303
    undo(room, target)
    giver.change(room.ana, thing)
    threading.Event().wait(QUIET_S)
    assert count(room.ana, to, target, word) <= (0 if target and target.face == DESKTOP else 1)


def _ruled(room: Room, to: App) -> tuple[DeclaredAction, Thing | None, str]:
    """One that makes something new, or switches something on: the first that is declared."""
    action = ruled(to)[0]
    faces = {*action.on} & to.faces
    target = (
        room.givers[to.name].thing(room.ana, min(faces, key=[FOLDER, DESKTOP, FILE].index)) if faces else None
    )
    return action, target, written()[0]


def is_done_for(person: Somebody, to: App, target: Thing | None, word: str) -> bool:
    return count(person, to, target, word) > 0


def count(person: Somebody, to: App, target: Thing | None, word: str) -> int:
    """How often it was done."""
    if target is not None and target.face == DESKTOP:
        return int(is_on(person, target))
    if target is not None:
        return len(person.act("drive.find", target.address, query=word)["items"])
    return len(person.finds(word, to.name))


def undo(room: Room, target: Thing | None) -> None:
    if target is not None and target.face == DESKTOP:
        switch_off(room.ana, target)
