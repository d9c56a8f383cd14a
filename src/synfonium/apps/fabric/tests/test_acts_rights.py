"""Whoever may not do an action never gets it done, by whatever door: HTTP (which the palette uses),
MCP, or a rule; whoever may, does."""

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from synfonium.apps.fabric.contract import Action
from synfonium.apps.fabric.model.automation import Rule
from synfonium.apps.fabric.service.acting import Deed
from synfonium.apps.fabric.tests.acting import Credentials, act, give, person_id
from synfonium.common.event import Event
from synfonium.common.ids import EventId, PersonId, new_id
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.testing.client import Installation, installation

T = TypeVar("T")
ACTS: dict[str, Action] = {"list_folder": "read", "find": "read", "new_folder": "write", "move_to": "write"}
INPUTS: dict[str, dict[str, str]] = {
    "list_folder": {},
    "find": {"query": "x"},
    "new_folder": {},
    "move_to": {},
}
# Each folder with the folders that it lies in; `cellar` is another person's.
PLACES = {"root": (), "a": ("root",), "b": ("a", "root"), "c": ("root",), "cellar": ()}


class Asked(msgspec.Struct, frozen=True):
    """who: the owner, another person, or an app of the owner's with these grants, some taken back."""

    who: str
    door: str
    action: str
    place: str
    into: str
    grants: tuple[tuple[str, frozenset[str], bool], ...]

    @property
    def may(self) -> bool:
        places = (self.place, self.into) if self.action == "move_to" else (self.place,)
        if self.who == "owner":
            return "cellar" not in places
        if self.who == "other":
            return {*places} <= {"cellar", "root"}  # each person has a root of their own
        needs = ACTS[self.action]
        return "cellar" not in places and all(self._held(place, needs) for place in places)

    def _held(self, place: str, needs: str) -> bool:
        path = (place, *PLACES[place])
        return any(on in path and needs in does and not over for on, does, over in self.grants)


RIGHT = st.tuples(
    st.sampled_from(["root", "a", "b", "c"]),
    st.sampled_from([frozenset({"read"}), frozenset({"write"}), frozenset({"read", "write"})]),
    st.booleans(),
)
ASKED = st.builds(
    Asked,
    st.sampled_from(["app", "app", "app", "owner", "other"]),
    st.sampled_from(["http", "mcp", "rule"]),
    st.sampled_from(sorted(ACTS)),
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(sorted(PLACES)),
    st.lists(RIGHT, max_size=2).map(tuple),
)


class Town:
    """One house for all examples: what is granted in one is a grant of its own."""

    def __init__(self, runner: asyncio.Runner, house: Installation) -> None:
        self.runner, self.house = runner, house
        self.credentials = Credentials(house)
        self.done: list[str] = []
        self.places: dict[str, str] = {"root": "drive:root"}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def settle(self) -> None:
        self.ana, self.bob = await self.house.person("ana"), await self.house.person("bob")
        self.ids = {name: await person_id(self.house, name) for name in ("ana", "bob")}
        for name, within in (("a", "root"), ("b", "a"), ("c", "root")):
            made = await act(self.house, self.ana, "drive.new_folder", self.places[within], name=name)
            self.places[name] = made.json()["object"]
        made = await act(self.house, self.bob, "drive.new_folder", "drive:root", name="cellar")
        self.places["cellar"] = made.json()["object"]
        context = self.house.context("fabric")

        async def watching(command: str, arguments: Any = None, progress: Any = None) -> Any:
            """What reaches Drive is done, as far as this test goes: nothing moves for the next example."""
            if not command.startswith("drive.act_"):
                return await call(command, arguments, progress)
            self.done.append(command)
            return {}

        call, context.call = context.call, watching

    async def ask(self, asked: Asked) -> bool:
        """Whether it was done."""
        self.done.clear()
        name, input_ = f"drive.{asked.action}", dict(INPUTS[asked.action])
        if asked.action == "new_folder":
            input_ = {"name": "x"}
        elif asked.action == "move_to":
            input_ = {"into": self.places[asked.into]}
        deed = Deed(name=name, object=self.places[asked.place], input=input_)
        if asked.door == "rule":
            await self._by_rule(self.ids["bob" if asked.who == "other" else "ana"], deed)
        elif asked.door == "http":
            await act(self.house, await self._token(asked), name, deed.object, **input_)
        else:
            await self._by_mcp(await self._token(asked), deed)
        return bool(self.done)

    async def _token(self, asked: Asked) -> str:
        if asked.who != "app":
            return self.ana if asked.who == "owner" else self.bob
        held = []
        for on, does, over in asked.grants:
            grant = await give(self.house, self.ids["ana"], "pc", self.places[on], *does)  # type: ignore[arg-type]
            held.append(grant)
            if over:
                granting = self.house.context("fabric").service.granting
                await granting.revoke(Person(id=self.ids["ana"], name="", display=""), grant)
        return self.credentials.token(self.ids["ana"], "pc", *held)

    async def _by_mcp(self, token: str, deed: Deed) -> None:
        params = {"name": deed.name.replace(".", "_"), "arguments": {"object": deed.object, **deed.input}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        async with self.house.client(token=token) as client:
            assert (await client.post("/fabric/mcp", json=message)).status_code == 200

    async def _by_rule(self, person: PersonId, deed: Deed) -> None:
        """Also one that names what is not its person's, in words that are filled in later."""
        automation = self.house.context("fabric").service.automation
        wanted = Rule(
            id="",
            person=person,
            name="x",
            event="drive.node.trashed",
            action=deed.name,
            target="{event.subject}",
            input=deed.input,
        )
        try:
            rule = await automation.make(Person(id=person, name="", display=""), wanted)
        except Problem:
            return
        told = Event(
            id=EventId(new_id()),
            type="drive.node.trashed",
            source="drive",
            subject=deed.object,
            time_s=self.house.context("fabric").clock.now_s(),
            data={"owner": person},
        )
        await automation.hear([told])
        await automation.idle()
        await automation.remove(person, rule.id)


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory() as home, asyncio.Runner() as runner:
        entered = installation(Path(home) / "home")
        town = Town(runner, runner.run(entered.__aenter__()))
        town.run(town.settle())
        yield town
        runner.run(entered.__aexit__(None, None, None))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(asked=ASKED)
@example(asked=Asked("app", "http", "new_folder", "b", "b", (("a", frozenset({"write"}), False),)))
@example(asked=Asked("app", "mcp", "new_folder", "b", "b", (("a", frozenset({"write"}), True),)))
@example(asked=Asked("app", "http", "move_to", "b", "c", (("a", frozenset({"write"}), False),)))
@example(asked=Asked("other", "rule", "new_folder", "a", "a", ()))
def test_an_action_is_done_for_whoever_may_and_for_nobody_else(town: Town, asked: Asked) -> None:
    expected = (
        asked.may
        if asked.door != "rule" or asked.who != "app"
        else msgspec.structs.replace(asked, who="owner").may
    )
    assert town.run(town.ask(asked)) == expected
