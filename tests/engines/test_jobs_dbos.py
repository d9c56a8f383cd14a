"""Durable jobs run to their end, however often the process ends first."""

import asyncio
import base64
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from synfonium.engines.jobs.dbos import ATTEMPTS, DbosJobs
from synfonium.testing.child import Child

# DBOS is one per process; its import alone takes a second.
pytestmark = pytest.mark.full


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[DbosJobs]:
    made = DbosJobs(tmp_path / "jobs.sqlite", first_wait_s=0.001)
    yield made
    await made.close()


async def ended(jobs: DbosJobs, job_id: str) -> str:
    for _ in range(1000):
        if (state := await jobs.state(job_id)) != "running":
            return state
        await asyncio.sleep(0.02)
    raise AssertionError("the job does not end")


async def test_a_job_runs_once_with_its_arguments_on_the_loop_that_opened(jobs: DbosJobs) -> None:
    seen = []

    async def steps(arguments: dict[str, str]) -> None:
        seen.append((arguments, asyncio.get_running_loop()))

    jobs.register("greet", steps)
    await jobs.open()
    assert await jobs.state("one") == "unknown"
    await jobs.start("greet", "one", {"node": "01h"})
    assert await ended(jobs, "one") == "done"
    await jobs.start("greet", "one", {"node": "again"})
    await asyncio.sleep(0.6)
    assert seen == [({"node": "01h"}, asyncio.get_running_loop())]


async def test_a_job_that_fails_is_tried_again_and_then_has_failed(jobs: DbosJobs, tmp_path: Path) -> None:
    attempts = 0

    async def steps(arguments: dict[str, str]) -> None:
        nonlocal attempts
        attempts += 1
        raise LookupError("marker-of-a-person")

    jobs.register("fail", steps)
    await jobs.open()
    await jobs.start("fail", "one", {})
    assert await ended(jobs, "one") == "failed"
    assert attempts == ATTEMPTS
    kept = kept_values(tmp_path / "jobs.sqlite")
    assert b"JobFailed" in kept
    assert b"LookupError" in kept
    assert b"marker" not in kept


async def test_a_cancelled_job_ends_where_it_is(jobs: DbosJobs) -> None:
    begun, over = asyncio.Event(), []

    async def steps(arguments: dict[str, str]) -> None:
        begun.set()
        await asyncio.sleep(30)
        over.append(arguments)

    jobs.register("long", steps)
    await jobs.open()
    await jobs.start("long", "one", {})
    await asyncio.wait_for(begun.wait(), 10)
    await jobs.cancel("one")
    await jobs.cancel("never was")
    assert await ended(jobs, "one") == "cancelled"
    assert over == []


async def test_no_more_than_four_jobs_run_at_a_time(jobs: DbosJobs) -> None:
    running = most = 0

    async def steps(arguments: dict[str, str]) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    jobs.register("work", steps)
    await jobs.open()
    for number in range(12):
        await jobs.start("work", f"job{number}", {})
    for number in range(12):
        assert await ended(jobs, f"job{number}") == "done"
    assert 1 < most <= 4


async def test_a_job_interrupted_by_closing_goes_on_when_opened_again(tmp_path: Path) -> None:
    begun, ended_ = asyncio.Event(), asyncio.Event()

    async def never(arguments: dict[str, str]) -> None:
        begun.set()
        await asyncio.sleep(30)

    async def quick(arguments: dict[str, str]) -> None:
        ended_.set()

    for steps, waited in ((never, begun), (quick, ended_)):
        jobs = DbosJobs(tmp_path / "jobs.sqlite")
        jobs.register("work", steps)
        await jobs.open()
        if steps is never:
            await jobs.start("work", "one", {})
        await asyncio.wait_for(waited.wait(), 20)
        await jobs.close()


async def test_an_unknown_job_or_a_second_meaning_is_refused(jobs: DbosJobs) -> None:
    async def steps(arguments: dict[str, str]) -> None: ...

    jobs.register("work", steps)
    with pytest.raises(ValueError, match="two jobs"):
        jobs.register("work", steps)
    with pytest.raises(LookupError):
        await jobs.start("unknown", "one", {})


def test_jobs_killed_in_the_middle_run_to_their_end_once_more(tmp_path: Path) -> None:
    target, log = tmp_path / "jobs.sqlite", tmp_path / "log"
    ids = ["one", "two", "three"]
    with Child("tests.engines.job_runner", str(target), str(log), *ids) as first:
        for job_id in ids:
            assert first.read_line(timeout_s=30) == f"accepted {job_id}"
        wait_for(log, "begin", 3)
        first.kill()
    assert lines(log, "end") == []
    with Child("tests.engines.job_runner", str(target), str(log)) as second:
        wait_for(log, "end", 3)
        time.sleep(1.5)
        second.kill()
    assert sorted(lines(log, "end")) == sorted(ids)
    assert sorted(lines(log, "begin")) == sorted(ids * 2)
    with Child("tests.engines.job_runner", str(target), str(log)):
        time.sleep(2)
    assert sorted(lines(log, "begin")) == sorted(ids * 2)


def test_opening_with_nothing_to_do_does_not_import_dbos(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path\n"
        "from synfonium.engines.jobs.dbos import DbosJobs\n"
        "asyncio.run(DbosJobs(Path(sys.argv[1])).open()); assert 'dbos' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "jobs.sqlite")], check=True, timeout=30)


async def test_dbos_prints_nothing_and_calls_nobody(
    jobs: DbosJobs, capfd: pytest.CaptureFixture[str]
) -> None:
    async def steps(arguments: dict[str, str]) -> None: ...

    jobs.register("work", steps)
    await jobs.open()
    await jobs.start("work", "one", {})
    await ended(jobs, "one")
    sockets = {line.split()[3] for name in ("tcp", "tcp6") for line in established(name)}
    assert not sockets, "a connection to the outside"
    output = capfd.readouterr()
    assert output.out == output.err == ""


def kept_values(path: Path) -> bytes:
    """Everything that a database says, as it stands and with base 64 undone."""
    with closing(sqlite3.connect(path)) as raw:
        tables = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [str(v).encode() for t in tables for row in raw.execute(f"SELECT * FROM {t}") for v in row]
    decoded = []
    for value in values:
        with suppress(ValueError):
            decoded.append(base64.b64decode(value, validate=True))
    return b"\n".join(values + decoded)


def established(protocol: str) -> list[str]:
    """This process's TCP sockets that listen or are connected elsewhere."""
    inodes = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    rows = Path(f"/proc/self/net/{protocol}").read_text().splitlines()[1:]
    return [row for row in rows if f"socket:[{row.split()[9]}]" in inodes]


def lines(log: Path, kind: str) -> list[str]:
    text = log.read_text() if log.exists() else ""
    return [line.split()[1] for line in text.splitlines() if line.startswith(kind)]


def wait_for(log: Path, kind: str, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(lines(log, kind)) < count:
        assert time.monotonic() < deadline, f"{kind}: {lines(log, kind)}"
        time.sleep(0.02)


def test_the_system_database_is_a_file_of_its_owner_alone(tmp_path: Path) -> None:
    async def run() -> None:
        jobs = DbosJobs(tmp_path / "jobs.sqlite")
        await jobs.state("nothing")
        await jobs.close()

    asyncio.run(run())
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as raw:
        assert raw.execute("SELECT count(*) FROM workflow_status").fetchone() == (0,)
    assert (tmp_path / "jobs.sqlite").stat().st_mode & 0o077 == 0
