"""PostgreSQL keeps the obligations of the Database port, on a real server."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import closing
from pathlib import Path

import pytest

from synfonium.common.ids import new_id
from synfonium.engines.database.postgresql import open_postgresql
from synfonium.ports.database import DatabaseUnavailable
from synfonium.testing.database_suite import DatabaseSuite, add, count, numbers
from synfonium.testing.postgresql_server import PostgresqlServer
from tests.engines.severing_proxy import SeveringProxy

pytestmark = pytest.mark.full


class TestPostgresql(DatabaseSuite):
    opener = "tests.engines.openers:postgresql"

    @pytest.fixture
    def target(self, postgresql_server: PostgresqlServer) -> Iterator[str]:
        schema = f"s{new_id()}"
        yield f"{postgresql_server.url}#{schema}"
        postgresql_server.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    @pytest.fixture
    def small_target(
        self, target: str, postgresql_server: PostgresqlServer, small_folder: Path
    ) -> Iterator[str]:
        """Tables in a tablespace on a small disk; the server's log is elsewhere."""
        place, name = small_folder / "tablespace", f"t{new_id()}"
        place.mkdir()
        postgresql_server.give(place)
        postgresql_server.sql(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        url, _, schema = target.rpartition("#")
        self.ballast = small_folder / "ballast"
        yield f"{url}?options=-cdefault_tablespace%3D{name}#{schema}"
        postgresql_server.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        postgresql_server.sql(f"DROP TABLESPACE {name}")

    def make_room(self, small_target: str) -> None:
        self.ballast.unlink()

    @pytest.mark.parametrize("stays", [True, False])
    def test_what_was_deleted_leaves_the_servers_files_and_what_it_noted_of_the_values(
        self, target: str, postgresql_server: PostgresqlServer, stays: bool
    ) -> None:
        marker, (_, _, schema) = "forgotten5a5a5a", target.rpartition("#")
        sql = postgresql_server.sql
        with self.tables(target) as database:
            sql(
                f'CREATE TABLE {schema}.noted (word text COLLATE "C" UNIQUE, often varchar(40));'
                f"INSERT INTO {schema}.noted"
                f" SELECT '{marker}' || n, '{marker}' FROM generate_series(1, 300) n;"
                f"ANALYZE {schema}.noted; DELETE FROM {schema}.noted"
                + (f"; INSERT INTO {schema}.noted VALUES ('stays', 'stays')" if stays else "")
            )
            assert _files_with(postgresql_server, marker)
            database.scour()
            assert _files_with(postgresql_server, marker) == []
        noted = f"SELECT count(*) FROM pg_stats WHERE schemaname = '{schema}' AND tablename = 'noted'"
        assert int(sql(noted)) == (2 if stays else 0)
        kinds = "SELECT string_agg(attcollation::regcollation || format_type(atttypid, atttypmod), ' ')"
        kinds += f" FROM pg_attribute WHERE attrelid = '{schema}.noted'::regclass AND attnum > 0"
        assert sql(kinds) == '"C"text "default"character varying(40)'

    def test_the_server_killed_while_writing_loses_no_acknowledged_write(
        self, target: str, postgresql_server: PostgresqlServer
    ) -> None:
        with self.tables(target) as database:
            for killing in range(3):
                first = killing * 100_000
                futures = [database.submit_write(add(n)) for n in range(first, first + 3000)]
                time.sleep(random.random() * 0.3)
                postgresql_server.kill()
                wait(futures, timeout=60)
                postgresql_server.start()
                acknowledged = {f.result() for f in futures if f.exception() is None}
                refused = {type(f.exception()) for f in futures} - {type(None)}
                assert acknowledged <= database.submit_read(numbers).result()
                assert refused <= {DatabaseUnavailable}

    def test_a_server_that_went_away_is_used_again_when_it_is_back(
        self, target: str, postgresql_server: PostgresqlServer
    ) -> None:
        with self.tables(target) as database:
            database.submit_write(add(1)).result()
            assert database.submit_read(count).result() == 1
            postgresql_server.stop()
            for refused in (database.submit_write(add(2)), database.submit_read(count)):
                assert isinstance(refused.exception(), DatabaseUnavailable)
            postgresql_server.start()
            database.submit_write(add(3)).result()
            assert database.submit_read(numbers).result() == {1, 3}

    def test_a_lost_connection_is_made_anew_without_an_error(
        self, target: str, postgresql_server: PostgresqlServer
    ) -> None:
        with self.tables(target) as database:
            assert database.submit_read(count).result() == 0
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'synfonium'"
            )
            postgresql_server.sql(others)
            database.submit_write(add(1)).result()
            assert database.submit_read(count).result() == 1

    @pytest.mark.parametrize("cut", ["before", "after"])
    def test_a_connection_lost_at_the_commit_gives_no_wrong_answer(
        self, target: str, postgresql_server: PostgresqlServer, cut: str
    ) -> None:
        proxy = SeveringProxy(postgresql_server.port)
        through = target.replace(f":{postgresql_server.port}/", f":{proxy.port}/")
        with closing(proxy), self.tables(through) as database:
            proxy.cut = cut
            written = database.submit_write(add(1))
            assert (written.exception() is None) == (cut == "after")
            assert database.submit_read(numbers).result() == ({1} if cut == "after" else set())

    def test_a_writer_that_waits_too_long_for_another_is_told_so(
        self, target: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("synfonium.engines.database.postgresql._LOCK_TIMEOUT_MS", 200)
        release = threading.Event()
        with self.tables(target) as first, closing(self.open(target)) as second:
            holding = first.submit_write(lambda c: (add(1)(c), release.wait(20)))
            time.sleep(0.1)
            assert isinstance(second.submit_write(add(2)).exception(), DatabaseUnavailable)
            release.set()
            holding.result()
            second.submit_write(add(2)).result()


def test_no_server_is_a_clear_refusal() -> None:
    with pytest.raises(DatabaseUnavailable):
        open_postgresql("postgresql://nobody@127.0.0.1:1/nothing", schema="drive")


def test_a_schema_with_a_hostile_name_is_refused() -> None:
    with pytest.raises(ValueError, match="schema"):
        open_postgresql("postgresql://nobody@127.0.0.1:1/nothing", schema='x"; DROP TABLE y')


def _files_with(server: PostgresqlServer, marker: str) -> list[str]:
    """The files that the server keeps for this database, without its log of changes."""
    server.sql("CHECKPOINT")  # until then it keeps files that it has replaced
    number = server.sql("SELECT oid FROM pg_database WHERE datname = current_database()")
    files = (server.folder / "data" / "base" / number).iterdir()
    return [path.name for path in files if marker.encode() in path.read_bytes()]
