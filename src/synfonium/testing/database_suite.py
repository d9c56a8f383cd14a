# SPDX-License-Identifier: Apache-2.0
"""What every Database engine must pass, on the real product.

class TestMyEngine(DatabaseSuite):
    opener = "my_package.openers:open_it"   # called (target, read_only=…)

    @pytest.fixture
    def target(self, tmp_path): …           # a place with no tables

    @pytest.fixture
    def small_target(self, tmp_path): …     # one with room for some MiB
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import ClassVar

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from synfonium.common.problem import StorageFull
from synfonium.ports.database import Database
from synfonium.testing.child import Child
from synfonium.testing.database_writer import add_one, add_pair, open_database

KILLS = 30

metadata = MetaData()
item = Table(
    "suite_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", String(100), nullable=False, unique=True),
    Column("bytes", LargeBinary),
    Column("number", BigInteger),
)
child_item = Table(
    "suite_child",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("suite_item.id", deferrable=True, initially="DEFERRED")),
)
pair = Table(
    "suite_pair",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("half", Integer, primary_key=True),
)
counter = Table("suite_counter", metadata, Column("value", Integer, nullable=False))


def add(number: int, bytes_: bytes = b"") -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        row = {"id": number, "text": f"row {number}", "bytes": bytes_, "number": number}
        connection.execute(insert(item), row)
        return number

    return work


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(item)).scalar_one()


def numbers(connection: Connection) -> set[int]:
    return set(connection.execute(select(item.c.id)).scalars())


class DatabaseSuite:
    """Subclass it with `opener`, `target` and `small_target`."""

    opener: ClassVar[str]

    def open(self, target: str, *, read_only: bool = False) -> Database:
        return open_database(self.opener, target, read_only=read_only)

    @contextmanager
    def tables(self, target: str) -> Iterator[Database]:
        """An open database with the suite's tables."""
        with closing(self.open(target)) as database:
            database.alter(metadata.create_all)
            database.submit_write(lambda c: c.execute(insert(counter), {"value": 0})).result()
            yield database

    @pytest.fixture
    async def database(self, target: str) -> AsyncIterator[Database]:
        with self.tables(target) as database:
            yield database

    async def test_a_write_is_seen_by_the_next_read(self, database: Database) -> None:
        for number in range(50):
            assert await database.write(add(number)) == number
            assert await database.read(count) == number + 1

    async def test_what_goes_in_comes_out_unchanged(self, database: Database) -> None:
        row = {"id": 1, "text": "Ünï 𝕮ødé 雪\u202e'\";--", "bytes": bytes(range(256)), "number": -(2**63)}
        await database.write(lambda c: c.execute(insert(item), row))
        found = await database.read(lambda c: c.execute(select(item)).mappings().one())
        assert dict(found) == row

    async def test_a_work_that_fails_is_undone_alone(self, database: Database) -> None:
        def fail(number: int) -> Callable[[Connection], int]:
            def work(connection: Connection) -> int:
                add(number)(connection)
                raise LookupError(number)

            return work

        works = [fail(n) if n % 3 == 0 else add(n) for n in range(200)]
        answers = await asyncio.gather(*map(database.write, works), return_exceptions=True)
        for number, answer in enumerate(answers):
            if number % 3:
                assert answer == number
            else:
                assert repr(answer) == f"LookupError({number})"
        assert await database.read(numbers) == {n for n in range(200) if n % 3}

    async def test_a_broken_constraint_fails_its_own_work_only(self, database: Database) -> None:
        answers = await asyncio.gather(
            *(database.write(add(n // 2)) for n in range(100)), return_exceptions=True
        )
        assert sum(isinstance(answer, IntegrityError) for answer in answers) == 50
        assert await database.read(numbers) == set(range(50))

    async def test_a_constraint_broken_at_the_commit_fails_its_own_work_only(
        self, database: Database
    ) -> None:
        orphan = database.write(lambda c: c.execute(insert(child_item), {"id": 1, "parent": 999}))
        answers = await asyncio.gather(
            *(database.write(add(n)) for n in range(20)),
            orphan,
            *(database.write(add(n)) for n in range(20, 40)),
            return_exceptions=True,
        )
        assert isinstance(answers[20], IntegrityError)
        assert await database.read(numbers) == set(range(40))

    async def test_an_error_quotes_no_value(self, database: Database) -> None:
        secret = {"id": 1, "text": "marker-of-a-person", "bytes": b"", "number": 1}
        await database.write(lambda c: c.execute(insert(item), secret))
        with pytest.raises(IntegrityError) as caught:
            await database.write(lambda c: c.execute(insert(item), {**secret, "id": 2}))
        assert "marker" not in str(caught.value)
        assert "marker" not in repr(caught.value.orig)

    async def test_a_read_sees_one_moment(self, database: Database) -> None:
        await database.write(add(1))

        def look_twice(connection: Connection) -> tuple[int, int]:
            before = count(connection)
            database.submit_write(add(2)).result()
            return before, count(connection)

        assert await database.read(look_twice) == (1, 1)
        assert await database.read(count) == 2

    async def test_a_read_cannot_write(self, database: Database) -> None:
        with pytest.raises(Exception, match=r"(?i)read-?only"):
            await database.read(add(1))
        assert await database.read(count) == 0

    async def test_a_read_only_opener_sees_every_commit_and_refuses_to_write(
        self, database: Database, target: str
    ) -> None:
        with closing(self.open(target, read_only=True)) as reader:
            for number in range(20):
                await database.write(add(number))
                assert await reader.read(count) == number + 1
            with pytest.raises(RuntimeError):
                await reader.write(add(100))

    async def test_ten_thousand_keys_written_at_once_are_all_there(self, database: Database) -> None:
        await asyncio.gather(*(database.write(add(number)) for number in range(10_000)))
        assert await database.read(numbers) == set(range(10_000))

    async def test_a_write_cancelled_while_it_waits_is_not_done(self, database: Database) -> None:
        held, release = Event(), Event()

        def hold(_: Connection) -> None:
            held.set()
            release.wait(10)

        blocking = asyncio.ensure_future(database.write(hold))
        await asyncio.to_thread(held.wait, 10)
        tasks = [asyncio.ensure_future(database.write(add(n))) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks[::2], return_exceptions=True)
        release.set()
        await asyncio.gather(blocking, *tasks[1::2])
        assert await database.read(numbers) == set(range(1, 50, 2))

    async def test_a_write_cancelled_while_it_runs_is_done_wholly_or_not(self, database: Database) -> None:
        for number in range(40):
            task = asyncio.ensure_future(database.write(lambda c, n=number: add_pair(c, n)))  # type: ignore[misc]
            await asyncio.sleep(random.random() * 0.002)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await database.write(lambda c: None)
        assert self._broken_pairs(database) == set()

    async def test_closing_finishes_what_was_queued(self, database: Database, target: str) -> None:
        futures = [database.submit_write(add(n)) for n in range(500)]
        await asyncio.to_thread(database.close)
        assert [f.result(0) for f in futures] == list(range(500))
        with closing(self.open(target, read_only=True)) as reader:
            assert await reader.read(count) == 500

    async def test_a_closed_database_refuses_and_closes_again(self, database: Database) -> None:
        await database.write(add(1))
        database.close()
        database.close()
        with pytest.raises(RuntimeError):
            await database.write(add(2))
        with pytest.raises(RuntimeError):
            await database.read(count)

    async def test_a_change_of_tables_that_fails_leaves_the_old_ones(self, database: Database) -> None:
        await database.write(add(1))

        def change(connection: Connection) -> None:
            connection.exec_driver_sql("ALTER TABLE suite_item ADD COLUMN more INTEGER")
            connection.exec_driver_sql("INSERT INTO no_such_table VALUES (1)")

        with pytest.raises(Exception, match="no_such_table"):
            await asyncio.to_thread(database.alter, change)
        await database.write(add(2))
        row = await database.read(lambda c: c.exec_driver_sql("SELECT * FROM suite_item").mappings().first())
        assert "more" not in (row or {"more": 1})

    async def test_what_was_deleted_leaves_the_files_when_scoured(
        self, database: Database, target: str
    ) -> None:
        marker = b"to-be-forgotten-" + b"5a" * 20
        await database.write(add(1, marker))
        await database.write(add(2))
        await database.write(lambda c: c.execute(delete(item).where(item.c.id == 1)).rowcount)
        database.scour()
        if database.dialect == "sqlite":
            files = [path for path in Path(target).parent.iterdir() if path.is_file()]
            assert [path.name for path in files if marker in path.read_bytes()] == []
        await database.write(add(3))
        assert await database.read(numbers) == {2, 3}

    async def test_two_openers_of_one_process_lose_no_update(self, database: Database, target: str) -> None:
        with closing(self.open(target)) as other:
            await asyncio.gather(*(d.write(add_one) for d in (database, other) for _ in range(200)))
        assert await database.read(lambda c: c.execute(select(counter.c.value)).scalar()) == 400

    @pytest.mark.full
    async def test_two_processes_lose_no_update(self, database: Database, target: str) -> None:
        with self._writer(target) as first, self._writer(target) as second:
            first.say("count 300")
            second.say("count 300")
            for child in (first, second):
                child.read_until("gone", timeout_s=60)
        assert await database.read(lambda c: c.execute(select(counter.c.value)).scalar()) == 600

    @pytest.mark.full
    def test_every_acknowledged_write_outlives_kill_9(self, target: str) -> None:
        """At random moments, 30 times; and no work is there by half."""
        acknowledged: set[int] = set()
        with self.tables(target):
            pass
        with self._writer(target) as writer:
            for kill in range(KILLS):
                acknowledged |= self._write_and_kill(writer, first=kill * 1_000_000)
                with closing(self.open(target)) as database:
                    there = database.submit_read(
                        lambda c: set(c.execute(select(pair.c.id)).scalars())
                    ).result()
                    assert acknowledged <= there, f"{len(acknowledged - there)} acknowledged writes are lost"
                    assert self._broken_pairs(database) == set()
        assert len(acknowledged) > KILLS

    @pytest.mark.full
    def test_a_full_disk_refuses_and_loses_nothing(self, small_target: str) -> None:
        with self.tables(small_target) as database:
            written = self._fill(database)
            assert database.submit_read(numbers).result() == set(range(written))
            self.make_room(small_target)
            database.submit_write(add(written)).result()
        with closing(self.open(small_target)) as database:
            assert database.submit_read(numbers).result() == set(range(written + 1))

    def make_room(self, small_target: str) -> None:
        """Frees some MiB on the disk of `small_target`, which was kept free of tables."""
        raise NotImplementedError

    def _fill(self, database: Database) -> int:
        """Writes 100 KiB at a time until there is no room; how many rows were acknowledged."""
        for number in range(1000):
            bytes_ = random.Random(number).randbytes(100 * 1024)
            try:
                database.submit_write(add(number, bytes_)).result()
            except StorageFull:
                assert number > 10
                return number
        raise AssertionError("a small disk took 100 MB")

    def _write_and_kill(self, writer: Child, first: int) -> set[int]:
        writer.say(f"write {first}")
        acknowledged = {writer.read_line(timeout_s=30)}
        deadline = time.monotonic() + random.random() * 0.1
        while (left_s := deadline - time.monotonic()) > 0:
            if line := writer.read_line(timeout_s=left_s, or_empty=True):
                acknowledged.add(line)
        writer.say("kill")
        acknowledged |= set(writer.read_until("gone", timeout_s=30))
        return {int(line.removeprefix("ack ")) for line in acknowledged}

    def _broken_pairs(self, database: Database) -> set[int]:
        halves = select(pair.c.id).group_by(pair.c.id).having(func.count() != 2)
        return database.submit_read(lambda c: set(c.execute(halves).scalars())).result()

    def _writer(self, target: str) -> Child:
        child = Child("synfonium.testing.database_writer", self.opener, target)
        assert child.read_line(timeout_s=60) == "ready"
        return child
