"""`synfonium search token …`."""

import argparse
from datetime import UTC, datetime

from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal


def add_commands(commands: Commands) -> None:
    """Adds the commands of API tokens."""
    issue = commands.add("search token issue", _issue, help="let a program ask more")
    issue.add_argument("name", metavar="NAME", help="whose program it is")
    issue.add_argument("--per-second", type=float, default=50.0, metavar="N", help="questions a second (50)")
    issue.add_argument("--days", type=int, default=365, metavar="N", help="until it ends (365)")
    commands.add("search token list", _list, help="the tokens there are")
    take_back = commands.add("search token take-back", _take_back, help="end a token now")
    take_back.add_argument("id", metavar="ID")


async def _issue(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    wanted = {"name": args.name, "per_s": args.per_second, "days": args.days}
    out.line((await call("search.token_issue", wanted))["token"])
    return 0


async def _list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for token in (await call("search.token_list"))["tokens"]:
        until = datetime.fromtimestamp(token["until_s"], UTC).date()
        out.line(f"{token['id']}  {token['per_s']:g}/s  until {until}  {token['name']}")
    return 0


async def _take_back(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("search.token_take_back", {"id": args.id})
    return 0
