"""A home of the first version's tables comes to this one, with a copy made before."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from synfonium.composition import PickedEngines, upgrade_home
from synfonium.kernel import migrations
from synfonium.kernel.app import App, installed_apps
from synfonium.kernel.config import Settings
from synfonium.kernel.heads import heads
from synfonium.kernel.migrations import MigrationFailed, migrations_folder, version_of
from synfonium.kernel.settled import UpgradeFailed, is_settled, last_upgrade, settle

APPS = [app for app in installed_apps() if app.migrations]


def first_version(app: App, connection: Connection) -> None:
    """Runs migration 0001 alone: the tables that the first commit made."""
    folder = str(migrations_folder(app))
    script = ScriptDirectory(folder, version_locations=[folder])
    with EnvironmentContext(
        Config(), script, fn=lambda revision, _c: script._upgrade_revs("0001", revision)
    ) as environment:
        environment.configure(connection=connection, version_table=f"{app.name}_version")
        environment.run_migrations()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as the first commit left it, with a person in it."""
    made = tmp_path / "home"
    engines = PickedEngines(made, Settings(made, {}).house, single_process=True)
    made.mkdir()
    for app in APPS:
        with closing(engines.new_database(app.name, read_only=False)) as database:
            database.alter(lambda c, a=app: first_version(a, c))
    with closing(sqlite3.connect(made / "databases" / "fabric.sqlite")) as raw:
        names = [row[1] for row in raw.execute("PRAGMA table_info(fabric_outbox)")]
        assert names, "the first version has an outbox"
        raw.execute(
            "INSERT INTO fabric_outbox (id, type, subject, time_s, data, attempts)"
            " VALUES ('01x', 'a', 'b', 1, '{}', 0)"
        )
        raw.commit()
    return made


def versions(home: Path) -> dict[str, str]:
    engines = PickedEngines(home, Settings(home, {}).house, single_process=False, read_only=True)
    found = {}
    for app in APPS:
        with closing(engines.new_database(app.name, read_only=True)) as database:
            found[app.name] = database.submit_read(lambda c, a=app: version_of(a, c)).result()
    return found


def test_a_home_of_the_first_version_is_copied_and_upgraded(home: Path) -> None:
    assert not is_settled(home, "sqlite")
    upgrade_home(home, Settings(home, {}))
    assert versions(home) == heads()
    assert is_settled(home, "sqlite")
    last = last_upgrade(home)
    assert last is not None
    assert (last.state, set(last.before.values())) == ("done", {"0001"})
    copy = home / "upgrades" / last.copy / "databases" / "fabric.sqlite"
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT id FROM fabric_outbox").fetchall() == [("01x",)]
        assert raw.execute("SELECT version_num FROM fabric_version").fetchone() == ("0001",)


def test_a_migration_that_fails_takes_every_app_back(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [app for app in APPS if heads()[app.name] != "0001"]
    assert changed, "no app has a second migration"
    last_of_them = changed[-1]

    def failing(app: App, database: object) -> None:
        if app.name == last_of_them.name:
            raise MigrationFailed("no")
        migrations.migrate(app, database)  # type: ignore[arg-type]

    monkeypatch.setattr("synfonium.kernel.upgrade.migrate", failing)
    with pytest.raises(UpgradeFailed, match=f"{last_of_them.name} could not be upgraded"):
        upgrade_home(home, Settings(home, {}))
    assert set(versions(home).values()) == {"0001"}
    assert not is_settled(home, "sqlite")
    monkeypatch.undo()
    upgrade_home(home, Settings(home, {}))
    assert versions(home) == heads()


def test_a_home_of_a_newer_version_is_left_alone(home: Path) -> None:
    with closing(sqlite3.connect(home / "databases" / "drive.sqlite")) as raw:
        raw.execute("UPDATE drive_version SET version_num = '9999'")
        raw.commit()
    with pytest.raises(UpgradeFailed, match="newer"):
        upgrade_home(home, Settings(home, {}))
    assert set(versions(home).values()) == {"0001", "9999"}


def test_a_full_disk_before_an_upgrade_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, folder: Path, seen: object) -> None:
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("synfonium.engines.database.sqlite_copies.SqliteCopies.copy", full)
    with pytest.raises(UpgradeFailed, match="no room"):
        upgrade_home(home, Settings(home, {}))
    assert set(versions(home).values()) == {"0001"}
    assert list((home / "upgrades").iterdir()) == []


def test_only_so_many_copies_are_kept(home: Path) -> None:
    for number in range(5):
        (home / "upgrades" / f"2020-01-0{number + 1}").mkdir(parents=True)
    upgrade_home(home, Settings(home, {"SYNFONIUM_KEEP_UPGRADES": "2"}))
    assert len([path for path in (home / "upgrades").iterdir() if path.is_dir()]) == 2
    last = last_upgrade(home)
    assert last is not None
    assert (home / "upgrades" / last.copy).is_dir()


def test_a_new_home_needs_no_upgrade(tmp_path: Path) -> None:
    assert is_settled(tmp_path, "sqlite")
    settle(tmp_path)
    assert is_settled(tmp_path, "postgresql://x")
