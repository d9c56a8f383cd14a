"""All databases are copied at one moment, while they are written, and put back together."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from synfonium.engines.database.postgresql_copies import PostgresqlCopies
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.engines.database.sqlite_copies import SqliteCopies
from synfonium.ports.copies import CopyFailed, DatabaseCopies, TableCount
from synfonium.ports.database import Database
from synfonium.testing.postgresql_server import PostgresqlServer

NAMES = ("one", "two")
Opener = Callable[[str], Database]


def quiet(done: float, total: float) -> None: ...


class Home:
    """Two databases of one home, which may be opened, and their copies."""

    def __init__(self, copies: DatabaseCopies, opener: Opener) -> None:
        self.copies, self.open = copies, opener

    def run(self, name: str, *statements: str) -> None:
        with closing(self.open(name)) as database:
            for statement in statements:
                database.submit_write(lambda c, s=statement: c.execute(text(s))).result()

    def count(self, name: str) -> int:
        with closing(self.open(name)) as database:
            counting = text("SELECT count(*) FROM made")
            return database.submit_read(lambda c: c.execute(counting).scalar_one()).result()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.full)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    folder = tmp_path / "databases"
    if request.param == "sqlite":
        yield Home(SqliteCopies(folder), lambda name: open_sqlite(folder / f"{name}.sqlite"))
        return
    from synfonium.engines.database.postgresql import open_postgresql

    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    server.sql("DROP SCHEMA IF EXISTS one CASCADE; DROP SCHEMA IF EXISTS two CASCADE")
    yield Home(
        PostgresqlCopies(server.url, NAMES, folder), lambda name: open_postgresql(server.url, schema=name)
    )


def begin(home: Home) -> None:
    for name in NAMES:
        home.run(name, "CREATE TABLE made (number INTEGER PRIMARY KEY)", "INSERT INTO made VALUES (0)")


def test_what_was_copied_is_put_back_and_nothing_else_stays(home: Home, tmp_path: Path) -> None:
    begin(home)
    counts = home.copies.copy(tmp_path / "copy", quiet)
    assert counts == [TableCount(database=name, table="made", rows=1) for name in NAMES]
    for name in NAMES:
        home.run(name, "INSERT INTO made VALUES (1)", "CREATE TABLE later (x INTEGER)")
    for _ in range(2):  # again, as after a kill
        home.copies.put_back(tmp_path / "copy")
        assert home.copies.count() == counts
    home.run("one", "INSERT INTO made VALUES (7)")
    assert (home.count("one"), home.count("two")) == (2, 1)
    assert home.copies.integrity() == []


def test_copies_of_two_databases_are_of_one_moment(home: Home, tmp_path: Path) -> None:
    """Someone writes into one and then into the other: a copy never has the second alone."""
    begin(home)
    stopping = threading.Event()

    def write() -> None:
        with closing(home.open("one")) as first, closing(home.open("two")) as second:
            for number in range(1, 100_000):
                if stopping.is_set():
                    return
                statement = text(f"INSERT INTO made VALUES ({number})")
                for database in (first, second):
                    database.submit_write(lambda c, s=statement: c.execute(s)).result()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [home.copies.copy(tmp_path / f"copy{number}", quiet) for number in range(8)]
    finally:
        stopping.set()
        writer.join()
    rows = [{count.database: count.rows for count in counts} for counts in seen]
    assert rows[-1]["one"] > 1
    assert all(0 <= found["one"] - found["two"] <= 1 for found in rows), rows


def test_a_trial_has_tables_of_its_own(home: Home, tmp_path: Path) -> None:
    begin(home)
    home.copies.copy(tmp_path / "copy", quiet)
    with home.copies.scratch() as database:
        if database == "sqlite":
            trial: DatabaseCopies = SqliteCopies(tmp_path / "trial")
        else:
            trial = PostgresqlCopies(database, NAMES, tmp_path / "trial")
        assert trial.is_empty()
        trial.put_back(tmp_path / "copy")
        assert trial.count() == home.copies.count()
    home.run("one", "INSERT INTO made VALUES (1)")


def test_a_copy_that_is_given_up_ends(home: Home, tmp_path: Path) -> None:
    begin(home)

    def given_up(done: float, total: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        home.copies.copy(tmp_path / "copy", given_up)
    home.run("one", "INSERT INTO made VALUES (1)")


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    (folder / "one.sqlite").write_bytes(b"this is no database" * 500)
    copies = SqliteCopies(folder)
    with pytest.raises(CopyFailed):
        copies.copy(tmp_path / "copy", quiet)
    assert len(copies.integrity()) == 1


def test_a_full_disk_while_putting_back_leaves_the_old_ones(small_folder: Path, tmp_path: Path) -> None:
    from synfonium.common.problem import StorageFull

    with closing(sqlite3.connect(tmp_path / "big.sqlite")) as raw:
        raw.execute("CREATE TABLE made (bytes BLOB)")
        raw.execute("INSERT INTO made VALUES (zeroblob(20000000))")
        raw.commit()
    copies = SqliteCopies(small_folder / "databases")
    (small_folder / "databases").mkdir()
    with closing(open_sqlite(small_folder / "databases" / "one.sqlite")) as database:
        database.submit_write(lambda c: c.execute(text("CREATE TABLE kept (x INTEGER)"))).result()
    (tmp_path / "copy").mkdir()
    (tmp_path / "big.sqlite").rename(tmp_path / "copy" / "one.sqlite")
    with pytest.raises(StorageFull):
        copies.put_back(tmp_path / "copy")
    assert [count.table for count in copies.count()] == ["kept"]
