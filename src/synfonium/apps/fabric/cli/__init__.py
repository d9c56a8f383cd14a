"""`synfonium app …`: outside apps, by their manifest; `new app` and `dev` for who writes one."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synfonium.apps.fabric.cli.dev import add_dev
from synfonium.apps.fabric.cli.mount import add_mount
from synfonium.apps.fabric.cli.new import add_new
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

if TYPE_CHECKING:
    from synfonium.apps.fabric.model.manifest import Parsed

MANIFEST_FILE = "synfonium.app.json"
WRONG_USE = 2


def add_commands(commands: Commands) -> None:
    """Adds the fabric's commands to the command line."""
    verify = commands.add("app verify", _verify, help="say what is wrong with an app's manifest")
    verify.add_argument("path", help=f"a {MANIFEST_FILE}, or the folder that has one")
    verify.set_defaults(alone=lambda _args: True)

    install = commands.add("app install", _install, help="register an app that lives elsewhere, or update it")
    install.add_argument("file", help=f"its {MANIFEST_FILE}")
    install.add_argument(
        "--origin", required=True, metavar="URL", help="where it lives: https:// and its host"
    )
    install.add_argument("--for", dest="person", default="", metavar="NAME", help="this person alone has it")

    install.add_argument(
        "--upstream", default="", metavar="URL", help="its server, when this installation signs in for it"
    )

    listed = commands.add("app list", _list, help="list the apps: installed ones, and registered ones")
    listed.add_argument("--for", dest="person", default="", metavar="NAME", help="those of this person alone")

    secret = commands.add("app secret", _secret, help="make an app's secrets anew; the old ones end at once")
    secret.add_argument("name")

    remove = commands.add("app remove", _remove, help="end an app's rights and forget it")
    remove.add_argument("name")

    add_mount(commands)
    add_new(commands)
    add_dev(commands)


class _WrongUse(Exception):
    pass


async def _verify(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    try:
        path, content = _read(args.path)
    except _WrongUse as wrong:
        return _say(str(wrong))
    parsed = _parsed(content)
    for finding in parsed.findings:
        where = f"{path}:{finding.line}:{finding.column}"
        out.line(f"{where}: {finding.severity}: {finding.sentence()} [{finding.rule}]")
    if not parsed.findings:
        out.line(f"{path}: nothing is wrong with it")
    return 0 if parsed.manifest else 1


def _parsed(content: bytes) -> "Parsed":
    from synfonium.apps.fabric.model.manifest import parse_manifest
    from synfonium.kernel.app import installed_apps

    return parse_manifest(content, reserved=[app.name for app in installed_apps()])


def _read(given: str) -> tuple[Path, bytes]:
    """The manifest at a path. Raises _WrongUse with a sentence for anything else."""
    from synfonium.apps.fabric.model.manifest import LARGEST_BYTES

    path = Path(given)
    path = path / MANIFEST_FILE if path.is_dir() else path
    if path.suffix != ".json":
        raise _WrongUse(f"{path} is no {MANIFEST_FILE}; other packages cannot be installed yet")
    try:
        with path.open("rb") as file:
            return path, file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise _WrongUse(f"{path} cannot be read: {error.strerror}") from None


def _say(text: str) -> int:
    print(f"synfonium: {text}", file=sys.stderr)
    return WRONG_USE


async def _install(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    try:
        _path, content = _read(args.file)
        manifest = content.decode()
    except UnicodeDecodeError:
        return _say(f"{args.file} is no text in UTF-8")
    except _WrongUse as wrong:
        return _say(str(wrong))
    arguments = {
        "manifest": manifest,
        "origin": args.origin,
        "person": args.person,
        "upstream": args.upstream,
    }
    app = await call("fabric.app_install", arguments)
    out.line(f"{'registered' if app['is_new'] else 'updated'} {app['name']} at {app['origin']}")
    for change in app["changes"]:
        out.line(f"{'+' if change['is_new'] else '-'} {change['member']}: {change['what']}")
    _tell(app, out)
    return 0


def _tell(app: Mapping[str, str], out: Terminal) -> None:
    for name in ("client_id", "client_secret", "webhook_secret"):
        if app[name]:
            out.line(f"{name}={app[name]}")


async def _secret(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    _tell(await call("fabric.app_secret", {"name": args.name}), out)
    return 0


async def _list(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    for app in (await call("fabric.app_list", {"person": args.person}))["apps"]:
        out.line("\t".join((app["name"], app["origin"] or "installed", app["owner"] or "everybody")))
    return 0


async def _remove(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    removed = await call("fabric.app_remove", {"name": args.name})
    out.line(f"removed {args.name}; rights that ended: {removed['rights_ended']}")
    return 0
