"""Open in my PC: something that a person gave the app comes to one of their machines."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.fabric.contract import Grant
from synfonium.apps.pc.http.words import service_of
from synfonium.common.ids import GrantId
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post


class OpenForm(msgspec.Struct, frozen=True):
    """machine: the id of one of the person's PCs; empty makes the first."""

    grant: Annotated[str, msgspec.Meta(max_length=100)]
    machine: Annotated[str, msgspec.Meta(max_length=100)] = ""


@get("/pc/open")
async def choose(actor: Person, context: Context, grant: str) -> Page:
    """In which PC? The fabric sends people here with a grant that they just gave."""
    return await _page(actor, context, await service_of(context).opening.given(actor, GrantId(grant)))


@post("/pc/open")
async def open_(
    actor: Person,
    context: Context,
    data: Annotated[OpenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    """Brings it to that PC, which is switched on for it, and leads to the screen."""
    opening = service_of(context).opening
    given = await opening.given(actor, GrantId(data.grant))
    try:
        machine, aimed = await opening.open(actor, given, data.machine)
    except Problem as problem:
        return await _page(actor, context, given, problem)
    return See(f"/pc/{machine.id}/screen?given={aimed.id}")


async def _page(actor: Person, context: Context, given: Grant, problem: Problem | None = None) -> Page:
    service = service_of(context)
    machines = await service.broker.list(actor.id)
    machines = sorted(machines, key=lambda machine: machine.state != "running")
    return Page(
        "pc/open.html",
        status=problem.status if problem else 200,
        given=given,
        can_write="write" in given.actions,
        machines=machines,
        is_built=any(image.root for image in service.images.all()),
        problem=problem,
    )


@get("/pc/brought")
async def brought(actor: Person) -> Page:
    """Where the picker goes that the screen of a PC opened in a window of its own; it closes."""
    return Page("pc/brought.html")


doors = (choose, open_, brought)
