"""Tables of apps, brought from one version of Synfonium to the next by Alembic scripts.

Scripts are `migrations/NNNN_what.py` of the app, in one line without branches; revision
`NNNN` is at once the file's number and the row of the table `<app>_version`. A start
that has nothing to migrate does not import Alembic.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from synfonium.kernel.app import App
from synfonium.ports.database import Database, DatabaseUnavailable

__all__ = ["MigrationFailed", "head", "is_current", "migrate", "migrations_folder", "version_of"]

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
    """The revision that this version of the app needs, by its files' names alone."""
    revisions = [m[1] for path in migrations_folder(app).iterdir() if (m := _SCRIPT.fullmatch(path.name))]
    if not revisions or len(set(revisions)) != len(revisions):
        raise MigrationFailed(f"{app.name}: no migration, or two of one number")
    return max(revisions)


def is_current(app: App, database: Database) -> bool:
    """Whether the tables are those of this version; one query, also where read-only."""
    try:
        return database.submit_read(lambda c: version_of(app, c)).result() == head(app)
    except DatabaseUnavailable:
        return False


def version_of(app: App, connection: Connection) -> str:
    """The revision of the tables as they are, empty for none."""
    if not inspect(connection).has_table(f"{app.name}_version"):
        return ""
    return str(connection.execute(text(f"SELECT version_num FROM {app.name}_version")).scalar() or "")


def migrate(app: App, database: Database) -> None:
    """Brings the app's tables to this version, in one transaction; nothing to do is cheap.

    Safe in several processes at once. Raises MigrationFailed when a script fails or the
    tables were made by a newer version; the tables are then as they were.
    """
    if is_current(app, database):
        return
    try:
        database.alter(lambda connection: _upgrade(app, connection))
    except MigrationFailed:
        raise
    except Exception as error:
        raise MigrationFailed(f"{app.name} could not be brought to {head(app)}; it is as before") from error


def _upgrade(app: App, connection: Connection) -> None:
    present, wanted = version_of(app, connection), head(app)
    if present == wanted:
        return
    if present > wanted:
        raise MigrationFailed(f"{app.name} is at {present}, of a newer Synfonium; this one knows {wanted}")
    _run_scripts(migrations_folder(app), f"{app.name}_version", connection)


def _run_scripts(folder: Path, version_table: str, connection: Connection) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(folder), version_locations=[str(folder)])
    with EnvironmentContext(
        Config(), script, fn=lambda revision, _context: script._upgrade_revs("head", revision)
    ) as environment:
        environment.configure(connection=connection, version_table=version_table)
        environment.run_migrations()
