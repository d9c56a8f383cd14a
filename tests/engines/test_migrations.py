"""Tables come from one version to the next, wholly or not at all, on both databases."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from synfonium.common.ids import new_id
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel import app as app_module
from synfonium.kernel.app import App
from synfonium.kernel.migrations import MigrationFailed, head, is_current, migrate, version_of
from synfonium.ports.database import Database
from tests.engines.openers import postgresql

APP = App(name="garden", title="Garden", migrations=True)
FIRST = """
def upgrade():
    op.create_table("garden_bed", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "garden_plant",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("bed", sa.Integer, sa.ForeignKey("garden_bed.id", ondelete="CASCADE"), nullable=False),
    )
"""
REBUILT = """
def upgrade():
    with op.batch_alter_table("garden_bed") as bed:
        bed.add_column(sa.Column("size", sa.Integer, nullable=False, server_default="3"))
"""
FAILING = """
def upgrade():
    op.create_table("garden_shed", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO garden_plant (id, bed) VALUES (2, 1)")
    op.execute("INSERT INTO no_such_table VALUES (1)")
"""
ORPHANING = """
def upgrade():
    op.execute("DELETE FROM garden_bed")
"""


class Garden:
    """An app whose migrations a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "migrations"
        self.folder.mkdir(parents=True)
        (folder / "__init__.py").touch()

    def write(self, number: int, body: str) -> None:
        before = f'"{number - 1:04d}"' if number > 1 else "None"
        opening = f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "{number:04d}"\n'
        (self.folder / f"{number:04d}_step.py").write_text(f"{opening}down_revision = {before}\n{body}")

    def forget(self, number: int) -> None:
        (self.folder / f"{number:04d}_step.py").unlink()


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Garden:
    package = f"garden_{new_id()}"
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(app_module, "_packages", lambda: {"garden": package})
    made = Garden(tmp_path / package)
    made.write(1, FIRST)
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.full)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "garden.sqlite")
    server = request.getfixturevalue("postgresql_server")
    return f"{server.url}#s{new_id()}"


@pytest.fixture
def database(target: str) -> Iterator[Database]:
    with closing(opened(target)) as database:
        yield database


def opened(target: str, *, read_only: bool = False) -> Database:
    if "#" in target:
        return postgresql(target, read_only=read_only)
    return open_sqlite(Path(target), read_only=read_only)


def version(database: Database) -> str:
    return database.submit_read(lambda c: version_of(APP, c)).result()


def tables(database: Database) -> set[str]:
    return set(database.submit_read(lambda c: inspect(c).get_table_names()).result())


def plant_one(database: Database) -> None:
    for statement in (
        "INSERT INTO garden_bed (id) VALUES (1)",
        "INSERT INTO garden_plant (id, bed) VALUES (1, 1)",
    ):
        database.submit_write(lambda c, s=statement: c.execute(text(s))).result()


def plants(database: Database) -> int:
    counting = text("SELECT count(*) FROM garden_plant")
    return database.submit_read(lambda c: c.execute(counting).scalar_one()).result()


def test_a_new_home_gets_all_tables_and_a_second_start_changes_nothing(
    garden: Garden, database: Database
) -> None:
    assert not is_current(APP, database)
    migrate(APP, database)
    assert tables(database) == {"garden_bed", "garden_plant", "garden_version"}
    assert is_current(APP, database)
    assert version(database) == head(APP) == "0001"
    migrate(APP, database)
    assert version(database) == "0001"


def test_a_newer_version_adds_its_steps_and_keeps_what_is_there(garden: Garden, database: Database) -> None:
    migrate(APP, database)
    plant_one(database)
    garden.write(2, REBUILT)
    assert not is_current(APP, database)
    migrate(APP, database)
    assert version(database) == "0002"
    assert plants(database) == 1
    sizes = database.submit_read(
        lambda c: c.execute(text("SELECT size FROM garden_bed")).scalars().all()
    ).result()
    assert sizes == [3]


def test_a_failing_step_leaves_everything_as_it_was_and_working(garden: Garden, database: Database) -> None:
    migrate(APP, database)
    plant_one(database)
    garden.write(2, REBUILT)
    garden.write(3, FAILING)
    with pytest.raises(MigrationFailed, match="as before"):
        migrate(APP, database)
    assert version(database) == "0001"
    assert tables(database) == {"garden_bed", "garden_plant", "garden_version"}
    assert plants(database) == 1
    database.submit_write(
        lambda c: c.execute(text("INSERT INTO garden_plant (id, bed) VALUES (2, 1)"))
    ).result()
    garden.forget(3)
    migrate(APP, database)
    assert version(database) == "0002"


def test_a_step_that_breaks_references_is_undone(garden: Garden, tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "garden.sqlite")) as database:
        migrate(APP, database)
        plant_one(database)
        garden.write(2, ORPHANING)
        with pytest.raises(MigrationFailed):
            migrate(APP, database)
        assert plants(database) == 1
        database.submit_write(lambda c: c.execute(text("DELETE FROM garden_bed"))).result()
        assert plants(database) == 0, "references are watched again"


def test_tables_of_a_newer_version_are_refused_untouched(garden: Garden, database: Database) -> None:
    garden.write(2, REBUILT)
    migrate(APP, database)
    garden.forget(2)
    with pytest.raises(MigrationFailed, match="newer"):
        migrate(APP, database)
    assert version(database) == "0002"


def test_several_starts_at_once_migrate_once(garden: Garden, target: str) -> None:
    garden.write(2, REBUILT)
    errors: list[BaseException] = []

    def start() -> None:
        try:
            with closing(opened(target)) as database:
                migrate(APP, database)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with closing(opened(target, read_only=True)) as reader:
        assert is_current(APP, reader)


def test_a_reader_before_the_first_start_sees_that_nothing_is_there(garden: Garden, tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "garden.sqlite", read_only=True)) as reader:
        assert not is_current(APP, reader)


def test_two_scripts_of_one_number_are_a_mistake(garden: Garden, database: Database) -> None:
    (garden.folder / "0001_again.py").write_text((garden.folder / "0001_step.py").read_text())
    with pytest.raises(MigrationFailed, match="two of one number"):
        migrate(APP, database)


def test_a_start_without_work_does_not_import_alembic(garden: Garden, tmp_path: Path) -> None:
    path = tmp_path / "garden.sqlite"
    with closing(open_sqlite(path)) as database:
        migrate(APP, database)
    code = (
        "import sys; from pathlib import Path\n"
        "from synfonium.engines.database.sqlite import open_sqlite\n"
        "from synfonium.kernel import app, migrations\n"
        "app._packages = lambda: {'garden': sys.argv[2]}\n"
        "garden = app.App(name='garden', title='Garden', migrations=True)\n"
        "database = open_sqlite(Path(sys.argv[1]))\n"
        "migrations.migrate(garden, database); assert migrations.is_current(garden, database)\n"
        "database.close(); assert 'alembic' not in sys.modules"
    )
    arguments = [sys.executable, "-c", code, str(path), garden.folder.parent.name]
    subprocess.run(arguments, check=True, timeout=30, env={"PYTHONPATH": ":".join(filter(None, sys.path))})
