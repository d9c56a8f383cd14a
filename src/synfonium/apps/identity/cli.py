"""`synfonium user …` and `synfonium client …`."""

import argparse
import sys

from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

LONGEST_PASSWORD = 1000


def add_commands(commands: Commands) -> None:
    """Adds identity's commands to the command line."""
    add = commands.add("user add", _user_add, help="add a person")
    add.add_argument("name", help="name to sign in with: a-z, 0-9, dot, hyphen, underscore")
    add.add_argument("--display", default="", metavar="TEXT", help="what the person is called")
    add.add_argument("--admin", action="store_true", help="the person administers this installation")
    add.add_argument(
        "--password-stdin", action="store_true", help="read a password, one line, from standard input"
    )

    commands.add("user list", _user_list, help="list the people of this installation")

    token = commands.add("user token", _user_token, help="print a new app token, once")
    token.add_argument("name")
    token.add_argument("--label", required=True, metavar="TEXT", help="what the token is for")
    token.add_argument(
        "--scope", action="append", default=[], help="may be repeated; none: all that the person may do"
    )

    link = commands.add("user link", _user_link, help="print a one-time sign-in link to hand over")
    link.add_argument("name")

    client = commands.add("client add", _client_add, help="register a site that people may sign in to")
    client.add_argument("name", help="what people will read when they are asked")
    client.add_argument(
        "--redirect-uri", action="append", required=True, metavar="URL", help="may be repeated"
    )
    client.add_argument("--public", action="store_true", help="a program that can keep no secret")

    commands.add("client list", _client_list, help="list the sites that people may sign in to")


async def _user_add(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    password = sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n") if args.password_stdin else ""
    if args.password_stdin and not password:
        print("synfonium: no password came on standard input", file=sys.stderr)
        return 1
    arguments = {"name": args.name, "display": args.display, "admin": args.admin, "password": password}
    added = await call("identity.user_add", arguments)
    out.line(f"added {added['name']}")
    return 0


async def _user_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    after = ""
    while people := (await call("identity.user_list", {"after": after}))["people"]:
        for person in people:
            marks = [("administrator", person["is_administrator"]), ("suspended", person["is_suspended"])]
            words = ", ".join(word for word, is_so in marks if is_so)
            out.line("\t".join((person["name"], person["display"], words)).rstrip())
        after = people[-1]["name"]
    return 0


async def _user_token(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {"name": args.name, "label": args.label, "scopes": args.scope}
    out.line((await call("identity.user_token", arguments))["token"])
    return 0


async def _user_link(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    out.line((await call("identity.user_link", {"name": args.name}))["url"])
    return 0


async def _client_add(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = {"name": args.name, "redirect_uris": args.redirect_uri, "public": args.public}
    client = await call("identity.client_add", arguments)
    out.line(f"client_id={client['client_id']}")
    if client["client_secret"]:
        out.line(f"client_secret={client['client_secret']}")
    return 0


async def _client_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for client in (await call("identity.client_list"))["clients"]:
        out.line("\t".join((client["id"], client["name"], *client["redirect_uris"])))
    return 0
