"""`synfonium new app NAME`: a small app of one's own, that works as it stands."""

import argparse
import re
import sys
from importlib.resources import files
from pathlib import Path

from synfonium.kernel.app import installed_apps
from synfonium.kernel.calls import Caller
from synfonium.kernel.cli import Commands, Terminal

WRONG_USE = 2
_NAME = re.compile(r"[a-z][a-z0-9-]{1,29}")
_FROM = Path("starter")
# Packages of Python leave hidden files behind.
_AS = {"gitignore.txt": ".gitignore"}


def add_new(commands: Commands) -> None:
    new = commands.add("new app", _new, help="make a folder with a small app that picks a file")
    new.add_argument("name", help="what it is called here: a-z, 0-9 and hyphens")
    new.add_argument("--dir", default="", metavar="FOLDER", help="where to make it (a folder called NAME)")
    new.set_defaults(alone=lambda _args: True)


async def _new(args: argparse.Namespace, call: Caller, out: Terminal) -> int:
    folder = Path(args.dir or args.name)
    try:
        made = make(args.name, folder)
    except ValueError as fault:
        print(f"synfonium: {fault}", file=sys.stderr)
        return WRONG_USE
    for path in made:
        out.line(str(path))
    out.line(f"Start it with: synfonium dev {folder}")
    return 0


def make(name: str, folder: Path) -> list[Path]:
    """Writes the app; the files that were made. Raises ValueError in words for the author."""
    _check(name, folder)
    made = []
    for source in sorted(path for path in _starter().iterdir() if path.is_file()):
        path = folder / _named(_AS.get(source.name, source.name), name)
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_named(source.read_text(encoding="utf-8"), name), encoding="utf-8")
        made.append(path)
    return made


def module_of(name: str) -> str:
    """The Python module of an app: `python -m MODULE` starts it."""
    return name.replace("-", "_")


def _check(name: str, folder: Path) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("a name is 2 to 30 of a-z, 0-9 and hyphens, and begins with a letter")
    if name in {app.name for app in installed_apps()}:
        raise ValueError(f"an app of Synfonium is called {name} already")
    if module_of(name) in sys.stdlib_module_names:
        raise ValueError(f"Python itself has a module called {module_of(name)}")
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is no folder")


def _starter() -> Path:
    return Path(str(files("synfonium.apps.fabric"))) / _FROM


def _named(text: str, name: str) -> str:
    """The starter is an app itself, called `starter-app`."""
    text = text.replace("starter_app", module_of(name)).replace("starter-app", name)
    return text.replace("Starter app", name.replace("-", " ").capitalize())
