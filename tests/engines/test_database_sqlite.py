"""SQLite keeps the obligations of the Database port, and the suite catches engines that do not."""

import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.common.problem import StorageFull
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.ports.database import DatabaseUnavailable
from synfonium.testing.database_suite import DatabaseSuite, add, count, numbers


class TestSqlite(DatabaseSuite):
    opener = "tests.engines.openers:sqlite"

    @pytest.fixture
    def target(self, tmp_path: Path) -> str:
        return str(tmp_path / "suite.sqlite")

    @pytest.fixture
    def small_target(self, small_folder: Path) -> str:
        return str(small_folder / "suite.sqlite")

    def make_room(self, small_target: str) -> None:
        (Path(small_target).parent / "ballast").unlink()

    async def test_a_reader_may_come_before_the_file(self, target: str) -> None:
        with closing(self.open(target, read_only=True)) as reader:
            with pytest.raises(DatabaseUnavailable):
                await reader.read(count)
            assert not Path(target).exists()
            with self.tables(target) as database:
                await database.write(add(1))
                assert await reader.read(count) == 1

    def test_the_file_is_readable_by_its_owner_alone(self, target: str) -> None:
        with self.tables(target):
            for path in Path(target).parent.glob("suite.sqlite*"):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_full_database_refuses_and_goes_on_after_room_is_made(self, target: str) -> None:
        def limit(connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 500}")

        with self.tables(target) as database:
            database.submit_write(limit).result()
            written = self._fill(database)
            assert database.submit_read(numbers).result() == set(range(written))
            database.submit_write(add(written)).result()

    def test_a_writer_that_waits_too_long_for_another_is_told_so_and_goes_on(
        self, target: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("synfonium.engines.database.sqlite._LOCK_TIMEOUT_S", 0.1)
        release = threading.Event()
        with self.tables(target) as first, closing(self.open(target)) as second:
            second.submit_write(add(1)).result()
            holding = first.submit_write(lambda c: (add(2)(c), release.wait(20)))
            time.sleep(0.1)
            assert isinstance(second.submit_write(add(3)).exception(), DatabaseUnavailable)
            release.set()
            holding.result()
            second.submit_write(add(4)).result()
            assert second.submit_read(numbers).result() == {1, 2, 4}

    def test_a_damaged_file_is_an_error_and_not_a_full_disk(self, tmp_path: Path) -> None:
        path = tmp_path / "suite.sqlite"
        path.write_bytes(b"this is no database" * 1000)
        with pytest.raises(Exception, match="not a database") as caught:
            open_sqlite(path)
        assert not isinstance(caught.value, StorageFull)


class Broken(DatabaseSuite):
    __test__ = False


@pytest.mark.full
def test_the_suite_catches_an_engine_that_answers_before_the_commit(tmp_path: Path) -> None:
    suite = Broken()
    suite.opener = "tests.engines.openers:hasty"
    with pytest.raises(AssertionError, match="acknowledged writes are lost"):
        suite.test_every_acknowledged_write_outlives_kill_9(str(tmp_path / "suite.sqlite"))


async def test_the_suite_catches_an_engine_without_savepoints(tmp_path: Path) -> None:
    suite = Broken()
    suite.opener = "tests.engines.openers:shared_fate"
    with suite.tables(str(tmp_path / "suite.sqlite")) as database, pytest.raises(AssertionError):
        await suite.test_a_work_that_fails_is_undone_alone(database)


async def test_the_suite_catches_an_engine_with_two_writers_at_once(tmp_path: Path) -> None:
    suite = Broken()
    suite.opener = "tests.engines.openers:lock_free"
    target = str(tmp_path / "suite.sqlite")
    with suite.tables(target) as database, pytest.raises((AssertionError, DatabaseUnavailable)):
        await suite.test_two_openers_of_one_process_lose_no_update(database, target)
