"""`synfonium app mount NAME DIR`: shows software that knows only folders what people gave it.

Below DIR each thing is a folder of its own, `person/title`: the person as the app hears of them from
us in its header, and the title as it was when it was given, so that a path stays what it is. With
`--one-each` it is `person` alone, for software that keeps one folder for each of its users. Nothing
else can be written there. Rights are kept by the server, which asks for them at each request: this
command only shows and hides, and holds no secret longer than it takes to hand it to rclone.
"""

import argparse
import asyncio
import os
import pwd
import signal
import sys
from pathlib import Path

from synfonium.apps.fabric.cli.mounted import Busy, Mounted, one_at_a_time
from synfonium.kernel.cli import Commands, Terminal
from synfonium.kernel.outside import Outside
from synfonium.kernel.refusals import RoleAway
from synfonium.libraries.davmount.mounts import missing_programs

WRONG_USE = 2
AGAIN_S = 1.0
FUSE = Path("/etc/fuse.conf")


def add_mount(commands: Commands) -> None:
    mount = commands.add_outside(
        "app mount", _mount, help="show software that knows only folders what people gave it"
    )
    mount.add_argument("name", help="the app's name, as `app list` shows it")
    mount.add_argument("folder", metavar="DIR", help="an empty folder, made when it is not there")
    mount.add_argument(
        "--one-each", action="store_true", help="DIR/person is the first folder that the person gave"
    )
    mount.add_argument("--owner", default="", metavar="USER", help="the system's user that the app runs as")


async def _mount(args: argparse.Namespace, outside: Outside, out: Terminal) -> int:
    try:
        owner = _owner(args.owner)
        _check_programs()
        kept = outside.home / "apps" / "fabric" / "mounts"
        with one_at_a_time(kept, args.name):
            mounted = Mounted(args.name, Path(args.folder).absolute(), kept, outside.call, owner=owner)
            mounted.one_each = args.one_each
            await mounted.begin()
            return await _until_told(mounted, out)
    except (_CannotMount, Busy) as refusal:
        print(f"synfonium: {refusal}", file=sys.stderr)
        return WRONG_USE


class _CannotMount(Exception):
    pass


def _owner(name: str) -> tuple[int, int] | None:
    """The user and group that files are shown as. Raises _CannotMount."""
    try:
        user = pwd.getpwnam(name) if name else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise _CannotMount(f"this computer knows no user {name}") from None
    if os.geteuid() == 0:
        return user.pw_uid, user.pw_gid
    if user.pw_uid == os.geteuid():
        return None
    if "user_allow_other" not in (FUSE.read_text().split("\n") if FUSE.is_file() else ()):
        raise _CannotMount(f"to mount for {name} it takes a line user_allow_other in {FUSE}")
    return user.pw_uid, user.pw_gid


def _check_programs() -> None:
    if missing := missing_programs():
        raise _CannotMount(f"to mount it takes packages of the system: apt install {' '.join(missing)}")


async def _until_told(mounted: Mounted, out: Terminal) -> int:
    """Follows what people give until SIGINT or SIGTERM."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    following = asyncio.create_task(_follow(mounted, out))
    waiting = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
        return 0
    finally:
        for task in (following, waiting):
            task.cancel()
        await asyncio.gather(following, waiting, return_exceptions=True)
        await mounted.end()


async def _follow(mounted: Mounted, out: Terminal) -> None:
    """Raises the server's refusal, such as NoSuchApp. What it says names nobody and nothing: where
    this runs as a service, it is kept as a log."""
    said = ""
    while True:
        try:
            await mounted.bring()
            told = mounted.in_words()
        except RoleAway:
            told = "the server is away; what is shown stays"
        if told != said:
            out.line(told)
            said = told
        if told.startswith("the server"):
            await asyncio.sleep(AGAIN_S)
