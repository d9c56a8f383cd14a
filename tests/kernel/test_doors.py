"""The actor in the signature decides who comes in."""

from typing import Annotated

import pytest

from synfonium.common.ids import AppName, PersonId
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Administrator, Person, Scope, Visitor
from synfonium.kernel.doors import Entry, get, public_doors

ANA = Person(id=PersonId("a"), name="ana", display="Ana")


def test_a_door_without_an_actor_does_not_load() -> None:
    with pytest.raises(TypeError, match="who may come in"):

        @get("/open")
        async def door() -> None: ...


def test_a_door_with_a_strange_actor_does_not_load() -> None:
    with pytest.raises(TypeError):

        @get("/odd")
        async def door(actor: str) -> None: ...


def test_public_doors_are_listed() -> None:
    @get("/open")
    async def open_door(actor: Visitor) -> None: ...

    @get("/both")
    async def both(actor: Person | Visitor) -> None: ...

    @get("/closed")
    async def closed(actor: Annotated[Person, Scope("drive.read")]) -> None: ...

    assert public_doors([open_door, both, closed]) == ["GET /both", "GET /open"]


@pytest.mark.parametrize(
    ("entry", "person"),
    [
        (
            Entry(scopes=("drive.write",)),
            ANA.__class__(id=ANA.id, name="a", display="A", scopes=frozenset({"drive.read"})),
        ),
        (Entry(), ANA.__class__(id=ANA.id, name="a", display="A", scopes=frozenset({"drive.read"}))),
        (Entry(), ANA.__class__(id=ANA.id, name="a", display="A", app=AppName("x"))),
        (Entry(needs_administrator=True), ANA),
    ],
    ids=[
        "scope-missing",
        "scoped-token-at-a-general-door",
        "app-at-a-general-door",
        "not-an-administrator",
    ],
)
def test_a_credential_opens_only_what_it_covers(entry: Entry, person: Person) -> None:
    with pytest.raises(Forbidden):
        entry._admit(person)


def test_an_administrator_is_told_apart_by_type() -> None:
    boss = Person(id=PersonId("b"), name="bo", display="Bo", is_administrator=True)
    assert isinstance(Entry(needs_administrator=True)._admit(boss), Administrator)
