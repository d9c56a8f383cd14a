"""`synfonium demo`: a small town to look at."""

import argparse

import msgspec

from synfonium.apps.shell.service.demo import Settled
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal


def add_commands(commands: Commands) -> None:
    parser = commands.add("demo", _demo, help="fill this installation with a small town to look at")
    parser.add_argument("--without-pc", action="store_true", help="build no desktop image and no PC")


async def _demo(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    # The passwords first: an image takes minutes, and the town can be walked meanwhile.
    for with_pc in (False,) if args.without_pc else (False, True):
        settled = msgspec.convert(await call("shell.demo", {"with_pc": with_pc}, out.progress), Settled)
        for line in told(settled):
            out.line(line)
    return 0


def told(settled: Settled) -> list[str]:
    """What to print; each new password stands here and nowhere else."""
    fresh = [person for person in settled.people if person.password]
    counted = f"{settled.files} files, {settled.pages} pages, {settled.computers} PC"
    lines = [f"Val-Joli: {len(settled.people)} people, {counted}"]
    lines += [f"  {person.name:10} {person.password}   ({person.display})" for person in fresh]
    if fresh:
        lines.append("These passwords are shown this once.")
    if settled.skipped:
        lines.append(f"Left out for now: {', '.join(settled.skipped)}")
    return lines
