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

    _add_outside(commands)
    commands.add("client list", _client_list, help="list the sites that people may sign in to")
    commands.add("key rotate", _key_rotate, help="sign with new keys from now on; the old ones stay known")
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


def _add_outside(commands: Commands) -> None:
    provider = commands.add(
        "outside provider", _outside_provider, help="let people sign in by an outside OpenID Provider"
    )
    provider.add_argument("id", help="stands in the return address: a-z, 0-9, hyphen")
    provider.add_argument("--label", required=True, metavar="TEXT", help="what the button says")
    provider.add_argument("--issuer", required=True, metavar="URL")
    provider.add_argument("--client-id", required=True)
    provider.add_argument(
        "--authentication",
        choices=["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        default="client_secret_basic",
    )
    provider.add_argument("--domain", action="append", default=[], help="may be repeated")
    provider.add_argument("--groups-claim", default="groups", metavar="CLAIM")
    provider.add_argument(
        "--local", action="store_true", help="it lives in our own network: private addresses and http"
    )
    directory = commands.add("outside directory", _outside_directory, help="let people sign in by LDAP")
    directory.add_argument("id")
    directory.add_argument("--label", required=True, metavar="TEXT")
    directory.add_argument("--host", required=True, help="the name in its certificate")
    directory.add_argument("--port", type=int, default=389)
    directory.add_argument("--security", choices=["starttls", "ldaps"], default="starttls")
    directory.add_argument("--base", required=True, metavar="DN", help="where people are searched")
    directory.add_argument("--bind-dn", default="", metavar="DN", help="who reads it")
    directory.add_argument("--filter", default="(objectClass=person)")
    directory.add_argument("--group-base", default="", metavar="DN", help="where groups are searched")
    directory.add_argument("--ca", default="", metavar="FILE", help="PEM of who vouches for the server")
    for name, usual in (("name", "uid"), ("display", "cn"), ("id", "entryUUID"), ("group", "memberOf")):
        directory.add_argument(f"--{name}-attribute", default=usual, metavar="ATTRIBUTE")
    for command in (provider, directory):
        command.add_argument(
            "--organisation", default="", metavar="SLUG", help="they join it, and its groups follow"
        )
        command.add_argument("--secret-stdin", action="store_true", help="read one line of standard input")
        command.add_argument(
            "--newcomers",
            choices=["linked", "domains", "anyone"] if command is provider else ["linked", "anyone"],
            default="linked" if command is provider else "anyone",
            help="who gets an account at their first sign-in",
        )
    commands.add("outside list", _outside_list, help="list where people may come from")
    commands.add("outside check", _outside_check, help="ask whether it answers").add_argument("id")
    commands.add("outside remove", _outside_remove, help="nobody comes in by it any more").add_argument("id")
    link = commands.add("outside link", _outside_link, help="link a person to their account there")
    link.add_argument("name")
    link.add_argument("id")
    link.add_argument("subject", help="the person's identifier there (sub, entryUUID)")
    commands.add("outside follow", _outside_follow, help="ask the directories for everybody now")


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


_OUTSIDE = {
    "provider": ("issuer", "client_id", "authentication", "groups_claim", "newcomers", "organisation"),
    "directory": (
        "host", "port", "security", "base", "bind_dn", "filter", "group_base", "name_attribute",
        "display_attribute", "id_attribute", "group_attribute", "newcomers", "organisation",
    ),
}  # fmt: skip


def _outside_arguments(args: argparse.Namespace, kind: str, **more: object) -> dict[str, object]:
    secret = sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n") if args.secret_stdin else ""
    settings = {name: getattr(args, name) for name in _OUTSIDE[kind]} | more
    return {"id": args.id, "label": args.label, "secret": secret, "settings": settings}


async def _outside_provider(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    arguments = _outside_arguments(args, "provider", domains=args.domain, is_local=args.local)
    added = await call("identity.outside_provider", arguments)
    out.line(f"redirect_uri={added['return_address']}")
    out.line(f"backchannel_logout_uri={added['logout_address']}")
    return 0


async def _outside_directory(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    ca = Path(args.ca).read_text() if args.ca else ""
    await call("identity.outside_directory", _outside_arguments(args, "directory", ca=ca))
    out.line(f"added {args.id}")
    return 0


async def _outside_list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for source in (await call("identity.outside_list"))["sources"]:
        state = "open" if source["is_open"] else "closed"
        out.line("\t".join((source["id"], source["kind"], source["label"], state)))
    return 0


async def _outside_check(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.outside_check", {"id": args.id})
    out.line("it answers")
    return 0


async def _outside_remove(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.outside_remove", {"id": args.id})
    return 0


async def _outside_link(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    await call("identity.outside_link", {"name": args.name, "id": args.id, "subject": args.subject})
    return 0


async def _outside_follow(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    found = await call("identity.outside_follow")
    out.line(f"{found['asked']} asked, {found['suspended']} suspended")
    return 0


async def _key_rotate(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for kid in (await call("identity.keys_rotate"))["kids"]:
        out.line(kid)
    return 0
