"""What the apps do on SQLite they do on PostgreSQL: the same tests, on a real server.

Of a test with many parameters the first is enough: they are hostile words, and no question of the database.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import is_ci

from synfonium.testing.chosen_database import VARIABLE
from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql

pytestmark = [pytest.mark.full, pytest.mark.alone]
ROOT = Path(__file__).resolve().parents[2]
TESTED = sorted(map(str, (ROOT / "src/synfonium/apps").glob("*/tests")))
JOURNEYS = (
    *("tests/journeys/test_together.py", "tests/journeys/test_kill.py"),
    *("tests/journeys/test_your_data.py", "tests/journeys/test_hostile_archives.py"),
    *("tests/journeys/test_erasure.py", "tests/journeys/test_moving_out_killed.py"),
)
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadfile")
LONGEST_S = 2400


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    programs = find_postgresql()
    if programs is None:
        message = "no PostgreSQL server is installed; ./test names the package"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    running = PostgresqlServer(programs, is_synced=False)
    yield running
    running.remove()


def run_tests(server: PostgresqlServer, *words: str) -> str:
    """Runs tests on the server; their closing lines. Fails when they do."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--maxfail=10", "-p", "no:cacheprovider", *words],
        cwd=ROOT,
        env={**os.environ, VARIABLE: server.url},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout[-300:]


@pytest.mark.timeout(LONGEST_S)
def test_the_apps_own_tests_pass_on_postgresql(server: PostgresqlServer) -> None:
    assert " passed" in run_tests(server, *TESTED, "-m", "not full", "--first-of-each", "1", *TWO_AT_A_TIME)
    databases = server.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'home_%'")
    assert int(databases) > 0, "the tests did not use the server"


@pytest.mark.timeout(LONGEST_S)
def test_the_journeys_pass_on_postgresql(server: PostgresqlServer) -> None:
    assert " passed" in run_tests(server, *JOURNEYS)
