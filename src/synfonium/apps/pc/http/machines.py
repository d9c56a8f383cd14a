"""The list of PCs, their switches, their screens."""

import shutil
from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from synfonium.apps.pc.errors import NotRunning
from synfonium.apps.pc.http.words import Given, given_of, picker, service_of
from synfonium.apps.pc.model.given import MOST_SHOWN
from synfonium.apps.pc.model.machine import Machine, parse_size
from synfonium.apps.pc.service.screens import can_stream
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.libraries.davmount.mounts import missing_programs as missing_for_live

LIST = "/pc"
BROUGHT = "/pc/brought"
_MACHINE = "/pc/machine/{machine_id:str}"


class CreateForm(msgspec.Struct, frozen=True):
    """`cpus` is a number; `memory` and `disk` are sizes such as 2G."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    image: Annotated[str, msgspec.Meta(max_length=40)]
    cpus: Annotated[float, msgspec.Meta(ge=0.1, le=256)] = 2.0
    memory: Annotated[str, msgspec.Meta(max_length=20)] = "2G"
    disk: Annotated[str, msgspec.Meta(max_length=20)] = "10G"


class TicketAnswer(msgspec.Struct, frozen=True):
    """Opens the screen once, by the WebSocket at `stream`, within `expires_in_s` seconds."""

    ticket: str
    stream: str
    expires_in_s: int


class Listed(msgspec.Struct, frozen=True):
    """A PC as its page shows it. give, lend: where a person chooses what it may change, and what it
    may only see."""

    machine: Machine
    image_title: str
    given: tuple[Given, ...]
    give: str
    lend: str


async def _page(actor: Person, context: Context, problem: Problem | None = None) -> Page:
    service = service_of(context)
    images = service.images.all()
    titles = {image.recipe.name: image.recipe.title for image in images}
    machines = await service.broker.list(actor.id)
    given = given_of(service, {machine.id: await service.live.grants(machine.id) for machine in machines})
    listed = [
        Listed(
            machine,
            titles.get(machine.image, machine.image),
            given[machine.id],
            picker(machine.id, back=LIST),
            picker(machine.id, back=LIST, actions="read"),
        )
        for machine in machines
    ]
    return Page(
        "pc/machines.html",
        status=problem.status if problem else 200,
        listed=listed,
        most=MOST_SHOWN,
        built=[(image.recipe.name, image.recipe.title) for image in images if image.root],
        unbuilt=[image.recipe.name for image in images if not image.root],
        missing=_missing(),
        config=context.config,
        problem=problem,
    )


def _missing() -> list[str]:
    """What an administrator would type to make PCs work here."""
    packages = [] if shutil.which("bwrap") else ["bubblewrap"]
    packages += missing_for_live()
    commands = [f"apt-get install {' '.join(packages)}"] if packages else []
    if not can_stream():
        commands.append("pip install 'synfonium[pc]'")
    return commands


@get(LIST)
async def list_machines(actor: Person, context: Context) -> Page:
    return await _page(actor, context)


@post(LIST)
async def create(
    actor: Person,
    context: Context,
    data: Annotated[CreateForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    try:
        await service_of(context).broker.create(
            actor.id,
            name=data.name,
            image=data.image,
            cpus=data.cpus,
            memory_bytes=parse_size("memory", data.memory),
            disk_bytes=parse_size("disk", data.disk),
        )
    except Problem as problem:
        return await _page(actor, context, problem)
    return See(LIST)


@post(f"{_MACHINE}/start")
async def start(actor: Person, context: Context, machine_id: FromPath[str]) -> Page | See:
    broker = service_of(context).broker
    machine = await broker.own(actor, machine_id)
    try:
        await broker.start(machine)
    except Problem as problem:
        return await _page(actor, context, problem)
    return See(f"/pc/{machine.id}/screen")


@post(f"{_MACHINE}/stop")
async def stop(actor: Person, context: Context, machine_id: FromPath[str]) -> See:
    broker = service_of(context).broker
    await broker.stop(await broker.own(actor, machine_id))
    return See(LIST)


@post(f"{_MACHINE}/delete")
async def delete(actor: Person, context: Context, machine_id: FromPath[str]) -> See:
    broker = service_of(context).broker
    await broker.delete(await broker.own(actor, machine_id))
    return See(LIST)


@get(_MACHINE)
async def show(actor: Person, context: Context, machine_id: FromPath[str]) -> See:
    """A PC's address leads to its screen."""
    machine = await service_of(context).broker.own(actor, machine_id)
    return See(f"/pc/{machine.id}/screen")


@get("/pc/{machine_id:str}/screen")
async def screen(actor: Person, context: Context, machine_id: FromPath[str], given: str = "") -> Page | See:
    """given: the grant of a thing that was just opened here; the page says where it lies."""
    service = service_of(context)
    broker = service.broker
    machine = await broker.own(actor, machine_id)
    try:
        await broker.running(machine.id)
    except NotRunning:
        return See(LIST)
    return Page(
        "pc/screen.html",
        machine=machine,
        missing=_missing() if not can_stream() else [],
        bring=picker(machine.id, back=BROUGHT),
        given=bool(given),
        lies_in=service.live.place_of(machine.id, given),
    )


@post("/pc/{machine_id:str}/ticket")
async def ticket(actor: Person, context: Context, machine_id: FromPath[str]) -> TicketAnswer:
    """Gives a ticket to the screen of the actor's own PC, which has to run."""
    service = service_of(context)
    machine = await service.broker.own(actor, machine_id)
    await service.broker.running(machine.id)
    given = await service.tickets.give(actor, machine)
    return TicketAnswer(ticket=given, stream="/pc/stream", expires_in_s=context.config.ticket_s)


doors = (list_machines, create, start, stop, delete, show, screen, ticket)
