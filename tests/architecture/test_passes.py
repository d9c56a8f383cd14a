"""Each door of whoever administers says whether it shows what is a person's own."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from litestar.handlers import HTTPRouteHandler

from synfonium.common.ids import PersonId
from synfonium.kernel.actor import (
    Administrator,
    DelegatedAdministrator,
    Impersonal,
    NeedsPass,
    Person,
    Visitor,
)
from synfonium.kernel.app import App, installed_apps, resolve
from synfonium.kernel.doors import Entry, get


def administered(apps: tuple[App, ...]) -> Iterator[tuple[App, HTTPRouteHandler]]:
    """Every door of an administrator, of the installation or of a part of it."""
    for app in apps:
        for handler in resolve(app.doors) if app.doors else ():
            if handler.opt["entry"].administers:
                yield app, handler


def faults(apps: tuple[App, ...]) -> list[str]:
    """What is wrong, with what to do instead."""
    found = []
    for app, handler in administered(apps):
        shown, name = handler.opt["entry"].shown, f"{app.name}: {sorted(handler.paths)}"
        if shown is None:
            found.append(f"{name} says neither NeedsPass nor Impersonal")
        elif isinstance(shown, NeedsPass) and shown.act not in app.pass_acts:
            found.append(f"{name}: {shown.act} has no words; write them into the app's pass_acts")
        elif isinstance(shown, Impersonal) and not shown.shows:
            found.append(f"{name}: Impersonal says what the door shows of people")
    return found


def test_each_door_of_an_administrator_says_what_it_shows_of_people() -> None:
    assert list(administered(installed_apps()))
    assert faults(installed_apps()) == []


def test_a_door_that_says_nothing_of_it_does_not_load() -> None:
    for kind in (Administrator, DelegatedAdministrator):
        with pytest.raises(TypeError, match="NeedsPass"):

            @get("/admin/garden")
            async def silent(actor: kind) -> None: ...  # type: ignore[valid-type]


def test_a_pass_is_for_whom_the_path_names() -> None:
    with pytest.raises(TypeError, match="not in its path"):

        @get("/admin/garden/{plot:str}")
        async def lost(actor: Annotated[Administrator, NeedsPass("garden.look")]) -> None: ...


def test_others_have_nothing_to_declare() -> None:
    for kind in (Person, Visitor):
        with pytest.raises(TypeError, match="and no other"):

            @get("/garden")
            async def odd(actor: Annotated[kind, Impersonal("plots")]) -> None: ...  # type: ignore[valid-type]


def test_planted_faults_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    @get("/admin/garden/{person_id:str}")
    async def unworded(actor: Annotated[Administrator, NeedsPass("garden.look")]) -> None: ...

    @get("/admin/plots")
    async def vague(actor: Annotated[DelegatedAdministrator, Impersonal()]) -> None: ...

    @get("/admin/tools")
    async def sound(actor: Annotated[Administrator, Impersonal("tools")]) -> None: ...

    silent = get("/admin/gate")(_closed)
    silent.opt["entry"] = Entry(needs_administrator=True)
    monkeypatch.setattr(f"{__name__}.garden", [unworded, vague, sound, silent])
    assert [one.partition("'")[2].partition("'")[0] for one in faults((_garden,))] == [
        "/admin/garden/{person_id:str}",
        "/admin/plots",
        "/admin/gate",
    ]


def test_a_delegated_administrator_is_told_apart_by_type() -> None:
    bo = Person(id=PersonId("b"), name="bo", display="Bo")
    assert isinstance(Entry(is_delegated=True)._admit(bo), DelegatedAdministrator)


async def _closed(actor: Visitor) -> None: ...


garden: list[HTTPRouteHandler] = []
_garden = App(name="garden", title="Garden", doors=f"{__name__}:garden")
