"""`synfonium drive …`."""

import argparse
import asyncio
import sys
from getpass import getpass

import msgspec

from synfonium.apps.drive.model.upkeep import Walk
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal


def add_commands(commands: Commands) -> None:
    """Adds Drive's commands to the command line."""
    scrub = commands.add("drive scrub", _scrub, help="read all content for damage, and tell how far it is")
    scrub.add_argument("--now", action="store_true", help="read at once, as fast as the disk gives it")
    scrub.add_argument("--stop", action="store_true", help="stop; the next one goes on from there")
    scrub.add_argument("--state", action="store_true", help="only tell how far it is")
    key = commands.add("drive s3-key", _s3_key, help="make a key of the S3 API for a person; shown once")
    key.add_argument("name")
    key.add_argument("--label", required=True, help="what it is for")
    key.add_argument("--read-only", action="store_true", help="it opens files and changes none")
    key.add_argument("--days", type=int, default=0, metavar="N", help="how long it is good for; 0: for ever")
    rewrap = commands.add(
        "drive rewrap", _rewrap, help="wrap the keys of spaces by another key; content stays"
    )
    rewrap.add_argument("name", nargs="?", default="", help="a person, or the id of a group folder; else all")
    rewrap.add_argument("--key", required=True, help="its name in [drive] keys, or house")
    lock = commands.add("drive lock-space", _lock, help="make a space unreadable at once")
    lock.add_argument("name", help="a person, or the id of a group folder")
    unlock = commands.add("drive unlock-space", _unlock, help="make it readable again")
    unlock.add_argument("name", help="a person, or the id of a group folder")
    commands.add("drive keys", _keys, help="which keys wrap those of spaces, and whether they answer")
    move = commands.add("drive move-in", _move_in, help="bring in what a person has elsewhere")
    move.add_argument("name", help="whose drive it comes into")
    move.add_argument("--from", dest="kind", required=True, choices=("nextcloud", "webdav", "s3"))
    move.add_argument("--url", required=True, help="address of the other side")
    move.add_argument("--user", default="", help="name, or access key, there")
    move.add_argument("--bucket", default="")
    move.add_argument("--prefix", default="")
    move.add_argument("--region", default="")
    move.add_argument("--into", default="", metavar="FOLDER", help="made when it is not there")
    move.add_argument("--password-stdin", action="store_true", help="read the password, or secret key")
    commands.add("drive mend", _mend, help="count sizes and references anew; deletes nothing")


async def _scrub(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    act = "stop" if args.stop else "state" if args.state else "now" if args.now else "begin"
    answer = await call("drive.scrub", {"act": act}, out.progress)
    walk, damage = msgspec.convert(answer["walk"], Walk), answer["damage"]
    out.line(_told(walk))
    for kind, said in _KINDS.items():
        if damage.get(kind):
            out.line(f"{damage[kind]} {said}")
    return 1 if damage else 0


_KINDS = {
    "damaged": "contents are damaged, and not given out: see synfonium doctor",
    "missing": "contents are missing: see synfonium doctor",
    "seal": "contents are right, but what guards them is damaged",
}


def _told(walk: Walk) -> str:
    read = f"{walk.done_bytes / 1_000_000:.1f} MB"
    if walk.state == "running":
        return f"under way: {walk.done} of {walk.total} contents, {read}"
    if walk.state == "stopped":
        return f"stopped at {walk.done} of {walk.total} contents, {read}"
    return f"{walk.done} contents were read, {read}" if walk.ended_s else "never read so far"


async def _rewrap(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    key = "" if args.key == "house" else args.key
    answer = await call("drive.keys", {"act": "rewrap", "name": args.name, "key": key})
    out.line(f"{answer['changed']} keys of spaces are wrapped by {args.key}")
    return 0


async def _lock(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("drive.keys", {"act": "lock", "name": args.name})
    out.line("locked: nobody reads or writes it until synfonium drive unlock-space")
    return 0


async def _unlock(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("drive.keys", {"act": "unlock", "name": args.name})
    out.line("open, as far as its key is there")
    return 0


async def _keys(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    answer = await call("drive.keys", {"act": "state", "name": ""})
    for one in answer["keys"]:
        said = "answers" if one["answers"] else "DOES NOT ANSWER: its spaces are locked"
        out.line(f"{one['key'] or 'house'}: {one['spaces']} spaces, {one['locked']} locked by word; {said}")
    return 0 if all(one["answers"] for one in answer["keys"]) else 1


async def _mend(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    answer = await call("drive.mend")
    out.line(f"{answer['mended']} were wrong")
    return 0


async def _s3_key(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    asked = {"name": args.name, "label": args.label, "write": not args.read_only, "days": args.days}
    made = await call("drive.s3_key", asked)
    out.line(f"{made['key']} {made['secret']}")
    return 0


async def _move_in(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    secret = ""
    if args.password_stdin:
        secret = sys.stdin.readline().rstrip("\n")
    elif args.user:
        secret = await asyncio.to_thread(getpass, "Password: ")
    fields = {"kind", "url", "bucket", "prefix", "region", "into"}
    wanted = {key: value for key, value in vars(args).items() if key in fields}
    wanted |= {"name": args.user, "secret": secret}
    answer = await call("drive.move_in", {"person": args.name, "wanted": wanted}, out.progress)
    for one in answer["left"]:
        out.line(f"not here: {one['place']}: {one['why']}")
    out.line(f"{answer['state']}: {answer['done']} files, {answer['same']} of them were here before")
    if answer["why"]:
        out.line(answer["why"])
    return 0 if answer["state"] == "done" and not answer["left"] else 1
