"""`synfonium user …` and `synfonium client …`."""

import argparse
import sys
from pathlib import Path

from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

LONGEST_PASSWORD = 1000
LARGEST_LIST_BYTES = 1024 * 1024
ROLES = ("owner", "administrator", "member")


def add_commands(commands: Commands) -> None:
    """Adds identity's commands to the command line."""
    add = commands.add("user add", _user_add, help="add a person")
    add.add_argument("name", help="name to sign in with: a-z, 0-9, dot, hyphen, underscore")
    add.add_argument("--display", default="", metavar="TEXT", help="what the person is called")
    add.add_argument("--admin", action="store_true", help="the person administers this installation")
    add.add_argument(
        "--password-stdin", action="store_true", help="read a password, one line, from standard input"
    )

    add.add_argument("--organisation", default="", metavar="SLUG", help="the account is this organisation's")
    add.add_argument("--role", default="member", choices=ROLES, help="what the person is there")

    listed = commands.add("user list", _user_list, help="list the people of this installation")
    listed.add_argument("--organisation", default="", metavar="SLUG", help="only its members")

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
    _add_organisations(commands)


def _add_organisations(commands: Commands) -> None:
    add = commands.add("organisation add", _organisation_add, help="make an organisation or a family")
    add.add_argument("slug", help="what stands for it in addresses: a-z, 0-9, dot, hyphen, underscore")
    add.add_argument("--name", required=True, metavar="TEXT", help="what people read")
    add.add_argument("--family", action="store_true", help="a family, which shares its storage")
    add.add_argument("--owner", default="", metavar="NAME", help="a person who looks after it")
    quota = commands.add("organisation quota", _organisation_quota, help="share out storage")
    quota.add_argument("slug")
    for one in (add, quota):
        one.add_argument("--total", default="", metavar="SIZE", help="for all together, such as 500GB")
        one.add_argument("--each", default="", metavar="SIZE", help="for each member")

    commands.add("organisation list", _organisation_list, help="list organisations and families")
    for act in ("suspend", "resume"):
        close = commands.add(f"organisation {act}", _organisation_close, help=f"{act} it and its accounts")
        close.add_argument("slug")
        close.set_defaults(act=act)

    member = commands.add("organisation member", _organisation_member, help="make a person a member")
    member.add_argument("slug")
    member.add_argument("name")
    member.add_argument("--role", default="member", choices=ROLES)

    group = commands.add("organisation group", _organisation_group, help="make a group, such as a class")
    group.add_argument("slug")
    group.add_argument("name")

    lines = commands.add("organisation import", _organisation_import, help="add people from a list")
    lines.add_argument("slug")
    lines.add_argument("file", help="lines of: name; what they are called; groups with commas")

    token = commands.add("organisation token", _organisation_token, help="print a SCIM token, once")
    token.add_argument("slug")
    token.add_argument("--label", required=True, metavar="TEXT", help="which directory it is for")


async def _user_add(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    password = sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n") if args.password_stdin else ""
    if args.password_stdin and not password:
        print("synfonium: no password came on standard input", file=sys.stderr)
        return 1
    arguments = {"name": args.name, "display": args.display, "admin": args.admin, "password": password}
    arguments |= {"organisation": args.organisation, "role": args.role}
    added = await call("identity.user_add", arguments)
    out.line(f"added {added['name']}")
    return 0


async def _user_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    after = ""
    while people := (await call("identity.user_list", _page(args, after)))["people"]:
        for person in people:
            marks = [("administrator", person["is_administrator"]), ("suspended", person["is_suspended"])]
            words = ", ".join(word for word, is_so in marks if is_so)
            out.line("\t".join((person["name"], person["display"], words)).rstrip())
        after = people[-1]["name"]
    return 0


def _page(args: argparse.Namespace, after: str) -> dict[str, str]:
    return {"after": after, "organisation": args.organisation}


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


async def _organisation_add(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    kind = "family" if args.family else "organisation"
    arguments = {name: getattr(args, name) for name in ("slug", "name", "owner", "total", "each")}
    added = await call("identity.organisation_add", {**arguments, "kind": kind})
    out.line(f"added {added['slug']}")
    return 0


async def _organisation_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    after = ""
    while found := (await call("identity.organisation_list", {"after": after}))["organisations"]:
        for one in found:
            words = [one["slug"], one["name"], one["kind"], str(one["members"])]
            out.line("\t".join([*words, "suspended"] if one["is_suspended"] else words))
        after = found[-1]["slug"]
    return 0


async def _organisation_quota(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.organisation_quota", {"slug": args.slug, "total": args.total, "each": args.each})
    return 0


async def _organisation_close(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call(f"identity.organisation_{args.act}", {"slug": args.slug})
    return 0


async def _organisation_member(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.organisation_member", {"slug": args.slug, "name": args.name, "role": args.role})
    return 0


async def _organisation_group(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.organisation_group", {"slug": args.slug, "name": args.name})
    return 0


async def _organisation_import(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    if Path(args.file).stat().st_size > LARGEST_LIST_BYTES:
        print("synfonium: this list is too large; give it in parts", file=sys.stderr)
        return 1
    lines = Path(args.file).read_text(encoding="utf-8-sig")
    added = await call("identity.organisation_import", {"slug": args.slug, "lines": lines})
    for person in added["people"]:
        out.line("\t".join((person["name"], person["display"], person["url"])))
    return 0


async def _organisation_token(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    made = await call("identity.organisation_token", {"slug": args.slug, "label": args.label})
    out.line(made["url"])
    out.line(made["token"])
    return 0
