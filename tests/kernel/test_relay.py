"""Events leave the outbox in order, at least once, whatever happens on the way."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from synfonium.common.event import Event
from synfonium.engines.bus.memory import MemoryBus
from synfonium.engines.database.sqlite import open_sqlite
from synfonium.kernel.outbox import Outbox, outbox_table
from synfonium.kernel.refusals import RoleAway
from synfonium.kernel.relay import ATTEMPTS, Relay
from synfonium.ports.clock import SystemClock
from synfonium.ports.database import Database
from synfonium.testing.child import Child

TYPE = "drive.file.written"
metadata = MetaData()
table = outbox_table("drive", metadata)


class House:
    """One app's database and outbox, and a bus with one listener."""

    def __init__(self, database: Database) -> None:
        self.database, self.bus = database, MemoryBus()
        self.outbox = Outbox("drive", SystemClock())
        self.relay = self.make_relay()
        self.heard: list[int] = []
        self.failing: dict[int, int] = {}

    def make_relay(self) -> Relay:
        relay = Relay(self.database, self.outbox, self.bus, poll_s=30, first_wait_s=0.001)
        self.outbox.on_added = relay.wake
        return relay

    async def listen(self, event: Event) -> None:
        number = event.data["number"]
        assert isinstance(number, int)
        if self.failing.get(number, 0):
            self.failing[number] -= 1
            raise LookupError("not yet")
        self.heard.append(number)

    async def add(self, number: int) -> None:
        values = {"number": number}
        await self.database.write(lambda c: self.outbox.add(c, TYPE, f"drive:node/{number}", values))

    async def rows(self) -> list[tuple[int, int]]:
        return await self.database.read(
            lambda c: [(row.seq, row.attempts) for row in c.execute(table.select().order_by(table.c.seq))]
        )

    async def wait_heard(self, count: int) -> None:
        for _ in range(500):
            if len(self.heard) >= count and not any(a < ATTEMPTS for _, a in await self.rows()):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"heard {self.heard}, left {await self.rows()}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = open_sqlite(tmp_path / "drive.sqlite")
    database.alter(metadata.create_all)
    made = House(database)
    await made.bus.subscribe("listener", frozenset({TYPE}), made.listen)
    yield made
    await made.relay.stop()
    database.close()


async def test_an_event_is_heard_soon_after_its_commit_and_forgotten(house: House) -> None:
    house.relay.start()
    await asyncio.sleep(0.05)
    begun = time.monotonic()
    await house.add(1)
    await house.wait_heard(1)
    assert time.monotonic() - begun < 5
    assert house.heard == [1]


async def test_an_event_of_a_write_that_failed_is_never_heard(house: House) -> None:
    def fail(connection) -> None:
        house.outbox.add(connection, TYPE, "drive:node/1", {"number": 1})
        raise LookupError

    house.relay.start()
    with pytest.raises(LookupError):
        await house.database.write(fail)
    await house.add(2)
    await house.wait_heard(1)
    assert house.heard == [2]


async def test_a_thousand_events_written_at_once_are_heard_in_order(house: House) -> None:
    house.relay.start()
    await asyncio.gather(*(house.add(number) for number in range(1000)))
    await house.wait_heard(1000)
    assert house.heard == list(range(1000))


async def test_events_from_before_the_start_are_heard(house: House) -> None:
    for number in range(250):
        await house.add(number)
    house.relay.start()
    await house.wait_heard(250)
    assert house.heard == list(range(250))


async def test_an_event_that_fails_is_tried_again_before_those_behind_it(house: House) -> None:
    house.failing = {2: 3}
    for number in (1, 2, 3):
        await house.add(number)
    house.relay.start()
    await house.wait_heard(3)
    assert house.heard == [1, 2, 3]


async def test_a_slow_subscription_delays_no_other(house: House) -> None:
    held = asyncio.Event()

    async def wait(event: Event) -> None:
        await held.wait()

    await house.bus.subscribe("slow", frozenset({TYPE}), wait)
    house.relay.start()
    for number in range(5):
        await house.add(number)
    async with asyncio.timeout(5):
        while len(house.heard) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert len(await house.rows()) == 5
    held.set()
    await house.wait_heard(5)
    assert house.heard == list(range(5))


async def test_after_eight_attempts_an_event_is_parked_and_the_others_go_on(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.failing = {1: 1000}
    await house.add(1)
    await house.add(2)
    house.relay.start()
    await house.wait_heard(1)
    assert house.heard == [2]
    assert [attempts for _, attempts in await house.rows()] == [ATTEMPTS]
    assert house.failing == {1: 1000 - ATTEMPTS}
    assert "kernel.event_parked" in capsys.readouterr().err


async def test_a_subscriber_whose_role_is_away_is_waited_for(house: House) -> None:
    away = [RoleAway()] * (3 * ATTEMPTS)

    async def listen(event: Event) -> None:
        if away:
            raise away.pop()
        await house.listen(event)

    await house.bus.subscribe("restarting", frozenset({"drive.node.removed"}), listen)
    await house.database.write(
        lambda c: house.outbox.add(c, "drive.node.removed", "drive:node/1", {"number": 1})
    )
    house.relay.start()
    await house.wait_heard(1)
    assert await house.rows() == []


async def test_a_parked_event_stays_parked_after_a_restart(house: House) -> None:
    house.failing = {1: 1000}
    await house.add(1)
    house.relay.start()
    await house.wait_heard(0)
    await house.relay.stop()
    house.relay = house.make_relay()
    house.relay.start()
    await house.add(2)
    await house.wait_heard(1)
    assert house.heard == [2]
    assert house.failing == {1: 1000 - ATTEMPTS}


async def test_a_database_that_fails_for_a_moment_stops_no_delivery(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([RuntimeError("a full disk"), RuntimeError("still full")])
    done = house.outbox.done

    def fail_twice(connection, sequences) -> None:
        for error in failures:
            raise error
        done(connection, sequences)

    monkeypatch.setattr(house.outbox, "done", fail_twice)
    house.relay._poll_s = 0.01
    house.relay.start()
    await house.add(1)
    await house.wait_heard(1)
    await house.add(2)
    await house.wait_heard(2)
    assert house.heard == [1, 2]


async def test_an_app_without_an_outbox_needs_no_relay(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "other.sqlite")
    relay = Relay(database, Outbox("other", SystemClock()), MemoryBus())
    relay.start()
    await asyncio.sleep(0.05)
    await relay.stop()
    database.close()


@pytest.mark.full
def test_events_committed_before_kill_9_are_heard_after_the_restart(tmp_path: Path) -> None:
    with process(tmp_path) as first:
        do(first, "add 50")
        first.kill()
    assert heard(tmp_path) == []
    with process(tmp_path) as second:
        do(second, "relay")
        wait_for(tmp_path, 50)
    assert [number for _, number in heard(tmp_path)] == list(range(50))


@pytest.mark.full
def test_events_heard_but_not_yet_forgotten_at_kill_9_are_heard_again_with_the_same_id(
    tmp_path: Path,
) -> None:
    with process(tmp_path) as first:
        do(first, "add 20")
        do(first, "slow-delete")
        do(first, "relay")
        wait_for(tmp_path, 20)
        first.kill()
    with process(tmp_path) as second:
        do(second, "relay")
        wait_for(tmp_path, 40)
        wait_forgotten(tmp_path)
    all_heard = heard(tmp_path)
    assert all_heard[:20] == all_heard[20:]
    with process(tmp_path) as third:
        do(third, "relay")
        time.sleep(0.5)
    assert len(heard(tmp_path)) == 40


def process(folder: Path) -> Child:
    return Child("tests.kernel.relay_process", str(folder / "drive.sqlite"), str(folder / "heard"))


def do(child: Child, line: str) -> None:
    child.say(line)
    assert child.read_line(timeout_s=30) == "done"


def heard(folder: Path) -> list[tuple[str, int]]:
    path = folder / "heard"
    rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [(row[0], int(row[1])) for row in rows]


def wait_forgotten(folder: Path) -> None:
    """Delivered events are forgotten with the relay's next step, which is soon."""
    deadline = time.monotonic() + 20
    with closing(sqlite3.connect(folder / "drive.sqlite")) as raw:
        while raw.execute("SELECT count(*) FROM drive_outbox").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def wait_for(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 20
    while len(heard(folder)) < count:
        assert time.monotonic() < deadline, f"{len(heard(folder))} of {count}"
        time.sleep(0.02)
