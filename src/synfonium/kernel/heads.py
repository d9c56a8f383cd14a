"""Which revision of its tables each app needs, by its files' names alone: cheap to ask."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from synfonium.kernel.app import App, installed_apps

__all__ = ["MigrationFailed", "head", "heads", "migrations_folder"]

_SCRIPT = re.compile(r"(\d{4})_[a-z0-9_]+\.py")


class MigrationFailed(Exception):
    """The tables of an app could not be brought to this version; they are as before."""


def migrations_folder(app: App) -> Path:
    """The folder of the app's scripts. Raises MigrationFailed when the app has none."""
    spec = find_spec(app.package)
    for place in (spec.submodule_search_locations if spec else None) or ():
        folder = Path(place) / "migrations"
        if folder.is_dir():
            return folder
    raise MigrationFailed(f"{app.name} says that it has migrations, but has no folder of them")


def head(app: App) -> str:
    """The revision that this version of the app needs."""
    revisions = [m[1] for path in migrations_folder(app).iterdir() if (m := _SCRIPT.fullmatch(path.name))]
    if not revisions or len(set(revisions)) != len(revisions):
        raise MigrationFailed(f"{app.name}: no migration, or two of one number")
    return max(revisions)


@cache
def heads() -> dict[str, str]:
    """App to the revision it needs, of every app with tables."""
    return {app.name: head(app) for app in installed_apps() if app.migrations}
