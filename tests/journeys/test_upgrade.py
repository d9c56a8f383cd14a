"""An old home under new code: copied first, migrated wholly or not at all."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from conftest import is_ci

from synfonium.kernel.settled import LastUpgrade, last_upgrade
from synfonium.testing.postgresql_server import PostgresqlServer, find_postgresql
from synfonium.testing.server import PROGRAM, RealServer, family, real_server

from .strange_apps import ADDING, APP, FAILING, SLOW, StrangeApps

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

JOB_APP = """
    service="garden.work:open_service",
    subscriptions=(
        Subscription(name="garden", types=frozenset({"garden.wanted"}), handler="garden.work:on_wanted"),
    ),
    commands=(Command(name="want", handler="garden.work:want"),),
"""
JOB_WORK = """
import asyncio
from contextlib import asynccontextmanager

@asynccontextmanager
async def open_service(context):
    async def steps(arguments):
        with (context.home / "log").open("a") as log:
            log.write("begin VERSION\\n")
            log.flush()
            await asyncio.sleep(LASTS)
            log.write("end VERSION\\n")
    context.jobs.register("garden.work", steps)
    yield context

async def want(context, call):
    await context.database.write(lambda c: context.outbox.add(c, "garden.wanted", "garden:x", {}))

async def on_wanted(context, event):
    await context.jobs.start("garden.work", event.id, {})
"""


@pytest.fixture
def apps(tmp_path: Path) -> StrangeApps:
    return StrangeApps(tmp_path / "apps", "garden", "orchard")


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    programs = find_postgresql()
    if programs is None:
        message = "no PostgreSQL server is installed; ./test names the package"
        pytest.fail(message) if is_ci() else pytest.skip(message)
    running = PostgresqlServer(programs)
    yield running
    running.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, apps: StrangeApps) -> "Home":
    database = "sqlite"
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        name = f"home_{os.urandom(4).hex()}"
        server.sql(f"CREATE DATABASE {name}")
        database = f"{server.url.rpartition('/')[0]}/{name}"
    return Home(tmp_path / "home", database, apps)


class Home:
    def __init__(self, path: Path, database: str, apps: StrangeApps) -> None:
        self.path, self.database = path, database
        self.environment = {**apps.environment, "SYNFONIUM_DATABASE": database}

    def things(self, app: str) -> list[int]:
        asked = f"SELECT id FROM {app}_thing ORDER BY id"
        if self.database == "sqlite":
            with closing(sqlite3.connect(self.path / "databases" / f"{app}.sqlite")) as raw:
                return [row[0] for row in raw.execute(asked)]
        import psycopg

        with psycopg.connect(self.database, options=f"-c search_path={app}") as raw:
            return [row[0] for row in raw.execute(asked)]

    def start(self) -> subprocess.CompletedProcess[str]:
        """A start that is to fail."""
        return subprocess.run(
            [*PROGRAM, "serve", "--home", str(self.path), "--port", "0"],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def last(self) -> LastUpgrade:
        found = last_upgrade(self.path)
        assert found is not None
        return found


def test_a_failing_migration_takes_all_apps_back_and_the_old_code_starts_again(
    home: Home, apps: StrangeApps
) -> None:
    with real_server(home.path, environment=home.environment) as server:
        token = server.person("ana", "--admin")
        assert token
    apps.migrate("garden", 2, ADDING)
    apps.migrate("orchard", 2, FAILING)
    done = home.start()
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("synfonium: ")]
    assert "orchard could not be upgraded from 0001 to 0002" in said[0]
    assert "as before" in said[0]
    assert len(said) == 1
    assert (home.things("garden"), home.things("orchard")) == ([1], [1])
    assert (home.last().state, home.last().app) == ("failed", "orchard")

    apps.forget("garden", 2)
    apps.forget("orchard", 2)
    with real_server(home.path, environment=home.environment) as server:
        assert server.run("user", "token", "ana", "--label", "again"), "the old code works"
    apps.migrate("garden", 2, ADDING)
    apps.migrate("orchard", 2, ADDING)
    with real_server(home.path, environment=home.environment):
        assert (home.things("garden"), home.things("orchard")) == ([1, 2], [1, 2])
    assert home.last().state == "done"
    assert (home.path / "upgrades" / home.last().copy / "databases").is_dir()


def test_an_upgrade_that_is_killed_goes_back_and_begins_again(home: Home, apps: StrangeApps) -> None:
    with real_server(home.path, environment=home.environment):
        pass
    apps.migrate("garden", 2, ADDING)
    apps.migrate("orchard", 2, SLOW)
    upgrading = subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(home.path), "--port", "0"],
        env={**os.environ, **home.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (home.path / "upgrades" / "unfinished").exists() or home.things("garden") != [1, 2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for pid in family(upgrading.pid):
        os.kill(pid, signal.SIGKILL)
    upgrading.wait()
    apps.forget("garden", 2)
    apps.forget("orchard", 2)
    with real_server(home.path, environment=home.environment):
        assert (home.things("garden"), home.things("orchard")) == ([1], [1]), "the old code works"
    apps.migrate("orchard", 2, ADDING)
    with real_server(home.path, environment=home.environment):
        assert (home.things("garden"), home.things("orchard")) == ([1], [1, 2])
    assert not (home.path / "upgrades" / "unfinished").exists()


def test_a_half_done_job_survives_an_upgrade(tmp_path: Path) -> None:
    apps = StrangeApps(tmp_path / "apps", "garden")
    apps.write("garden", "__init__.py", APP.format(name="garden", title="Garden", more=JOB_APP))
    apps.write("garden", "work.py", JOB_WORK.replace("VERSION", "old").replace("LASTS", "300"))
    home = tmp_path / "home"
    with real_server(home, environment=apps.environment) as server:
        ask(server, "garden.want")
        wait_for(home / "log", "begin old")
        for pid in family(server.pid):
            os.kill(pid, signal.SIGKILL)
        server.stop()
    apps.migrate("garden", 2, ADDING)
    apps.write("garden", "work.py", JOB_WORK.replace("VERSION", "new").replace("LASTS", "0.1"))
    with real_server(home, environment=apps.environment):
        wait_for(home / "log", "end new")
        assert (home / "log").read_text().splitlines() == ["begin old", "begin new", "end new"]
    last = last_upgrade(home)
    assert last is not None
    assert last.state == "done"


def ask(server: RealServer, command: str) -> None:
    """Calls a command of the worker, as another role would."""
    import asyncio

    from synfonium.kernel.socket import call_socket, role_socket

    asyncio.run(call_socket(role_socket(server.home, "worker"), command, {}, "test"))


def wait_for(log: Path, line: str) -> None:
    deadline = time.monotonic() + 60
    while not log.exists() or line not in log.read_text().splitlines():
        assert time.monotonic() < deadline, log.read_text() if log.exists() else "nothing"
        time.sleep(0.05)
