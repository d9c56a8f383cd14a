"""What an app says of itself is true: references resolve, tables are its own and declared."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table

from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.app import App, installed_apps, resolve
from synfonium.kernel.migrations import migrate

from .house import metadata_of, own_apps

APPS = pytest.mark.parametrize("app", own_apps(), ids=lambda app: app.name)


def references(app: App) -> Iterator[str]:
    yield from (text for text in (app.service, app.doors, app.cli, app.config) if text)
    yield from (mount.asgi for mount in app.mounts)
    yield from (one.handler or one.of_many for one in app.subscriptions)
    yield from (one.handler for one in app.commands)
    for protocol, maker in app.offers.items():
        yield from (protocol, maker)


def tables_of(app: App) -> list[Table]:
    return [table for metadata in metadata_of(app) for table in metadata.sorted_tables]


@APPS
def test_every_reference_of_an_app_leads_somewhere(app: App) -> None:
    for reference in references(app):
        assert resolve(reference) is not None, reference


@APPS
def test_names_inside_an_app_are_its_own_and_unique(app: App) -> None:
    commands = [command.name for command in app.commands]
    subscriptions = [subscription.name for subscription in app.subscriptions]
    assert len(set(commands)) == len(commands)
    assert len(set(subscriptions)) == len(subscriptions)
    for scope in app.scopes:
        assert scope.startswith(f"{app.name}."), scope


def test_no_two_apps_claim_one_door() -> None:
    prefixes = [mount.prefix for app in installed_apps() for mount in app.mounts]
    assert len(set(prefixes)) == len(prefixes), prefixes


@APPS
def test_an_apps_tables_carry_its_name(app: App) -> None:
    assert not [table.name for table in tables_of(app) if not table.name.startswith(f"{app.name}_")]


@APPS
def test_no_table_points_into_another_app(app: App) -> None:
    for table in tables_of(app):
        for key in table.foreign_keys:
            assert key.target_fullname.startswith(f"{app.name}_"), (
                f"{table.name}: the id travels, not the key"
            )


@APPS
def test_every_table_says_what_is_personal(app: App) -> None:
    for table in tables_of(app):
        assert "personal" in table.info, f"{table.name}: info={{'personal': {{}}}} when nothing is"
        for column, reason in table.info["personal"].items():
            assert column in table.columns, f"{table.name} has no column {column}"
            parts = [part for part in reason.split(";") if part.strip()]
            assert len(parts) >= 3, f"{table.name}.{column}: say what; why; until when"


@APPS
def test_migrated_tables_are_those_the_store_speaks_of(app: App, tmp_path: Path) -> None:
    if not app.migrations:
        assert not tables_of(app), "the store has tables, the app says it has no migrations"
        return
    database = open_sqlite(tmp_path / "app.sqlite", read_only=False)
    try:
        migrate(app, database)
        differences = database.submit_read(lambda connection: _differences(app, connection)).result()
    finally:
        database.close()
    assert not differences


def _differences(app: App, connection: Connection) -> list[object]:
    together = MetaData()
    for table in tables_of(app):
        if table.name not in together.tables:
            table.to_metadata(together)
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "version_table": f"{app.name}_version"}
    )
    return list(compare_metadata(context, together))
