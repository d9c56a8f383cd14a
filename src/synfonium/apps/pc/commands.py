"""What the command line may ask of PCs, and the fabric to have done."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from synfonium.apps.fabric.contract import Act, Children, Object, ObjectsAsk
from synfonium.apps.pc.errors import NoSuchMachine
from synfonium.apps.pc.model.machine import Machine, parse_size
from synfonium.apps.pc.service import PcService
from synfonium.apps.shell.contract import Glance, Resume, Words
from synfonium.common.problem import BadInput, Forbidden
from synfonium.kernel.context import Call, Context
from synfonium.kernel.i18n import _

Answer = Mapping[str, object]
T = TypeVar("T", ObjectsAsk, Act)


def _service(context: Context) -> PcService:
    service: PcService = context.service
    return service


async def image_build(context: Context, call: Call) -> Answer:
    """Builds the image `name`, telling its progress."""
    images = _service(context).images
    image = await images.build(call.text("name"), call.progress)
    if not await context.compute.running():
        await asyncio.to_thread(images.remove_older, image.recipe.name)
    return {"name": image.recipe.name, "title": image.recipe.title}


async def image_list(context: Context, call: Call) -> Sequence[Answer]:
    """Every image: name, title, and whether it is built, is older than its recipe, or is not."""
    return [
        {
            "name": image.recipe.name,
            "title": image.recipe.title,
            "state": "built" if image.is_current else "outdated" if image.root else "not built",
        }
        for image in _service(context).images.all()
    ]


async def create(context: Context, call: Call) -> Answer:
    """Makes a PC for the person called `owner`."""
    config = context.config
    person = await context.call("identity.user_find", {"name": call.text("owner")})
    machine = await _service(context).broker.create(
        str(person["id"]),
        name=call.text("name") or "PC",
        image=call.text("image") or config.image,
        cpus=_number(call.text("cpus") or str(config.cpus)),
        memory_bytes=parse_size("memory", call.text("memory") or config.memory),
        disk_bytes=parse_size("disk", call.text("disk") or config.disk),
    )
    return _told(machine)


async def start(context: Context, call: Call) -> Answer:
    machine = await _named(context, call.text("machine"))
    await _service(context).broker.start(machine)
    return _told(await _service(context).broker.one(machine.id))


async def stop(context: Context, call: Call) -> Answer:
    machine = await _named(context, call.text("machine"))
    await _service(context).broker.stop(machine)
    return _told(await _service(context).broker.one(machine.id))


async def delete(context: Context, call: Call) -> Answer:
    machine = await _named(context, call.text("machine"))
    await _service(context).broker.delete(machine)
    return _told(machine)


async def list_machines(context: Context, call: Call) -> Sequence[Answer]:
    """Everybody's PCs, each as it is now."""
    await _service(context).broker.reconcile()
    return [_told(machine) for machine in await _service(context).broker.list()]


async def glance(context: Context, call: Call) -> Glance:
    """What the home page of `person` shows of their PCs: those that run, first."""
    machines = await _service(context).broker.list(call.text("person"))
    running = [machine for machine in machines if machine.state == "running"]
    return Glance(
        line=_how_many(len(running)),
        resume=tuple(
            Resume(
                title=machine.name,
                url=f"/pc/{machine.id}/screen",
                icon="monitor",
                time_s=machine.started_s,
                text=Words(text=_("The PC runs")),
                is_live=True,
            )
            for machine in running[:5]
        ),
    )


async def act_start(context: Context, call: Call) -> Answer:
    return await _service(context).acts.start(_ask(call, Act))


async def act_stop(context: Context, call: Call) -> Answer:
    return await _service(context).acts.stop(_ask(call, Act))


def _how_many(running: int) -> Words | None:
    if running == 0:
        return None
    return Words(text=_("One runs.") if running == 1 else _("%(count)s run."), values={"count": str(running)})


async def _named(context: Context, which: str) -> Machine:
    """By id, or by a name that only one PC has. Raises NoSuchMachine, BadInput."""
    machines = await _service(context).broker.list()
    found = [m for m in machines if m.id == which] or [m for m in machines if m.name == which]
    if not found:
        raise NoSuchMachine
    if len(found) > 1:
        raise BadInput("machine", "Several PCs have this name: use the id that `pc list` shows.")
    return found[0]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput("cpus", "Write a number, such as 2.") from None


def _told(machine: Machine) -> Answer:
    return {
        "id": machine.id,
        "owner": machine.owner,
        "name": machine.name,
        "image": machine.image,
        "state": machine.state,
        "reason": machine.reason,
        "cpus": machine.cpus,
        "memory_bytes": machine.memory_bytes,
        "disk_bytes": machine.disk_bytes,
    }


async def object_describe(context: Context, call: Call) -> Object | None:
    return await _service(context).objects.describe(_ask(call, ObjectsAsk))


async def object_children(context: Context, call: Call) -> Children | None:
    return await _service(context).objects.children(_ask(call, ObjectsAsk))


def _ask(call: Call, kind: type[T]) -> T:
    """The fabric alone asks: for whom, it has made sure. Raises Forbidden."""
    if call.caller != "fabric":
        raise Forbidden
    return msgspec.convert(call.arguments, kind)
