"""Tables of apps, brought from one version of Synfonium to the next by Alembic scripts.

Scripts are `migrations/NNNN_what.py` of the app, in one line without branches; revision
`NNNN` is at once the file's number and the row of the table `<app>_version`. A start
that has nothing to migrate does not import Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from synfonium.kernel.app import App
from synfonium.kernel.heads import MigrationFailed, head, migrations_folder
from synfonium.ports.database import Database, DatabaseUnavailable

__all__ = ["MigrationFailed", "head", "is_current", "migrate", "migrations_folder", "version_of"]


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
