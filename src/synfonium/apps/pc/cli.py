"""`synfonium pc …`."""

import argparse
from collections.abc import Awaitable, Callable

from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal


def add_commands(commands: Commands) -> None:
    """Adds the commands of PCs to the command line."""
    build = commands.add("pc image build", _image_build, help="build a desktop image from its recipe")
    build.add_argument("name")
    commands.add("pc image list", _image_list, help="list the images and whether they are built")

    create = commands.add("pc create", _create, help="make a PC for a person")
    create.add_argument("owner", help="name of the person")
    create.add_argument("--name", default="", help="what the PC is called")
    create.add_argument("--image", default="", help="see `pc image list`")
    create.add_argument("--cpus", default="", metavar="C", help="how many processors it may use")
    create.add_argument("--memory", default="", metavar="M", help="such as 2G")
    create.add_argument("--disk", default="", metavar="D", help="such as 10G")

    for word, text in (("start", "switch a PC on"), ("stop", "switch a PC off")):
        parser = commands.add(f"pc {word}", _act(word), help=text)
        parser.add_argument("machine", help="id or name")
    delete = commands.add("pc delete", _act("delete"), help="delete a PC and all that is in its home")
    delete.add_argument("machine", help="id or name")
    commands.add("pc list", _list, help="list the PCs of this installation")


async def _image_build(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    built = await call("pc.image_build", {"name": args.name}, out.progress)
    out.line(f"{built['name']} is built")
    return 0


async def _image_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for image in await call("pc.image_list"):
        out.line(f"{image['name']}\t{image['state']}\t{image['title']}")
    return 0


async def _create(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    fields = ("owner", "name", "image", "cpus", "memory", "disk")
    machine = await call("pc.create", {field: getattr(args, field) for field in fields})
    out.line(machine["id"])
    return 0


def _act(word: str) -> Callable[[argparse.Namespace, Caller, Terminal], Awaitable[int]]:
    async def run(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
        machine = await call(f"pc.{word}", {"machine": args.machine})
        out.line(f"{machine['id']}\t{'deleted' if word == 'delete' else machine['state']}")
        return 0

    return run


async def _list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for machine in await call("pc.list"):
        size = f"{machine['cpus']:g} CPU, {machine['memory_bytes'] / 1e9:g} GB"
        words = (machine["id"], machine["state"], machine["name"], machine["image"], size, machine["reason"])
        out.line("\t".join(words).rstrip())
    return 0
