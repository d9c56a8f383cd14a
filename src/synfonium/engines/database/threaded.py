"""What both database engines share: the writer's group commit and the readers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from synfonium.engines.database.queue import WorkQueue
from synfonium.engines.database.work import Outcome, Work, answer

T = TypeVar("T")

# Groups of 64 commit more than ten times as many rows; larger ones gain little and make the
# first of the group wait (benchmarks/how_many_rows_can_one_writer_commit.py).
GROUP_LIMIT = 64
READERS = 4


class Backend(Protocol):
    """What differs between database products."""

    dialect: Literal["sqlite", "postgresql"]

    def connect(self, *, read_only: bool) -> Connection:
        """A connection of its own, to be used and closed by one thread."""
        ...

    def begin(self, connection: Connection, *, read_only: bool, alone: bool) -> None:
        """Begins a transaction: the only one that writes, or one on a fixed snapshot."""
        ...

    def execute(self, connection: Connection, statement: str) -> None:
        """Runs a statement of ours, past SQLAlchemy."""
        ...

    def commit(self, connection: Connection, *, alone: bool) -> None:
        """Commits durably, or raises with nothing of the transaction kept."""
        ...

    def scour(self) -> None:
        """See the port; on a connection of its own, outside transactions."""
        ...

    def explain(self, error: BaseException) -> BaseException:
        """The exception that the caller gets for `error`: a Problem where there is one."""
        ...


class _Spoiled(Exception):
    """One work of the group has ended the transaction of all; its error is the cause."""


class ThreadedDatabase:
    """A Database (see the port) over a backend. Threads and connections begin when needed."""

    def __init__(self, backend: Backend, *, read_only: bool = False, readers: int = READERS) -> None:
        self._backend = backend
        self._read_only = read_only
        self._readers_limit = readers
        self._writes, self._reads = WorkQueue(), WorkQueue()
        self._threads: list[Thread] = []
        self._readers = self._idle_readers = 0
        self._writes_begun = self._closed = False
        self._lock = Lock()

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        return self._backend.dialect

    async def write(self, work: Callable[[Connection], T]) -> T:
        self._need_writer()
        return await self._await(self._writes, work)

    def submit_write(self, work: Callable[[Connection], T]) -> "Future[T]":
        self._need_writer()
        queued = Work(work)
        self._writes.put(queued)
        return queued.future

    def alter(self, work: Callable[[Connection], T]) -> T:
        self._need_writer()
        queued = Work(work, alone=True)
        self._writes.put(queued)
        return queued.future.result()

    async def read(self, work: Callable[[Connection], T]) -> T:
        self._need_reader()
        return await self._await(self._reads, work)

    def submit_read(self, work: Callable[[Connection], T]) -> "Future[T]":
        self._need_reader()
        queued = Work(work)
        self._reads.put(queued)
        return queued.future

    def scour(self) -> None:
        self._need_writer()
        try:
            self._backend.scour()
        except Exception as error:
            raise self._backend.explain(error) from error

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._writes.close()
            self._reads.close()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    async def _await(self, queue: WorkQueue, work: Callable[[Connection], T]) -> T:
        queued = Work(work, loop=asyncio.get_running_loop())
        assert queued.awaited is not None
        await queue.put_async(queued)
        return await queued.awaited

    def _need_writer(self) -> None:
        if self._read_only:
            raise RuntimeError("this database is open for reading only")
        with self._lock:
            if not self._writes_begun and not self._closed:
                self._writes_begun = True
                self._begin_thread("writer", self._serve_writes)

    def _need_reader(self) -> None:
        with self._lock:
            wanted = self._idle_readers <= len(self._reads)
            if wanted and self._readers < self._readers_limit and not self._closed:
                self._readers += 1
                self._begin_thread(f"reader-{self._readers}", self._serve_reads)

    def _begin_thread(self, name: str, serve: Callable[[], None]) -> None:
        thread = Thread(target=serve, name=f"database-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve_writes(self) -> None:
        line = _Line(self._backend, read_only=False)
        while group := self._writes.take(GROUP_LIMIT):
            self._serve_group(line, group)
        line.close()

    def _serve_group(self, line: "_Line", group: list[Work[Any]]) -> None:
        try:
            outcomes = line.commit(group)
        except (_Spoiled, IntegrityError) as error:
            if len(group) > 1:
                # Each again on its own, so that only the work at fault fails.
                for work in group:
                    self._serve_group(line, [work])
                return
            cause = error.__cause__ if isinstance(error, _Spoiled) else error
            outcomes = [Outcome(error=self._backend.explain(cause or error))]
        except BaseException as error:
            outcomes = [Outcome(error=self._backend.explain(error))] * len(group)
        answer(group, outcomes)

    def _serve_reads(self) -> None:
        line = _Line(self._backend, read_only=True)
        while True:
            with self._lock:
                self._idle_readers += 1
            group = self._reads.take(1)
            with self._lock:
                self._idle_readers -= 1
            if not group:
                break
            answer(group, [line.read(group[0])])
        line.close()


class _Line:
    """One thread's connection, made anew after it was lost."""

    def __init__(self, backend: Backend, *, read_only: bool) -> None:
        self._backend, self._read_only = backend, read_only
        self._connection: Connection | None = None

    def commit(self, group: list[Work[Any]]) -> list[Outcome]:
        """Runs the group in one transaction. Raises _Spoiled, or what failed them all."""
        alone = group[0].alone
        connection = self._begin(alone=alone)
        try:
            if len(group) == 1 and not alone:
                return [self._commit_one(connection, group[0])]
            outcomes = [self._attempt(connection, work) for work in group]
            self._backend.commit(connection, alone=alone)
        except BaseException:
            self.close()
            raise
        return outcomes

    def _commit_one(self, connection: Connection, work: Work[Any]) -> Outcome:
        """As `_attempt` and a commit; the transaction itself is the savepoint."""
        try:
            outcome = Outcome(work.run(connection))
        except BaseException as error:
            self._undo()
            return Outcome(error=self._backend.explain(error))
        self._backend.commit(connection, alone=False)
        return outcome

    def read(self, work: Work[Any]) -> Outcome:
        outcome, is_lost = self._read_once(work)
        # A read that finds its connection lost has done nothing: it may begin again.
        return self._read_once(work)[0] if is_lost else outcome

    def _read_once(self, work: Work[Any]) -> tuple[Outcome, bool]:
        try:
            outcome, is_lost = Outcome(work.run(self._begin(alone=False))), False
        except BaseException as error:
            is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
            outcome = Outcome(error=self._backend.explain(error))
        self._undo()
        return outcome, is_lost

    def _undo(self) -> None:
        """Rolls back, and keeps the connection if it can."""
        try:
            if self._connection is not None:
                self._connection.rollback()
        except SQLAlchemyError:
            self.close()

    def close(self) -> None:
        """Drops the connection; what it had begun is undone."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # A lost connection cannot even roll back; its server has done it.
            with suppress(SQLAlchemyError):
                connection.close()

    def _begin(self, *, alone: bool) -> Connection:
        kept = self._connection
        try:
            return self._begin_once(alone=alone)
        except BaseException as error:
            self.close()
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if kept is None or not lost:
                raise
        return self._begin_once(alone=alone)

    def _begin_once(self, *, alone: bool) -> Connection:
        if self._connection is None:
            self._connection = self._backend.connect(read_only=self._read_only)
        self._backend.begin(self._connection, read_only=self._read_only, alone=alone)
        return self._connection

    def _attempt(self, connection: Connection, work: Work[Any]) -> Outcome:
        execute = self._backend.execute
        execute(connection, "SAVEPOINT work")
        try:
            outcome = Outcome(work.run(connection))
        except BaseException as error:
            outcome = Outcome(error=self._backend.explain(error))
            try:
                execute(connection, "ROLLBACK TO SAVEPOINT work")
            except Exception:
                raise _Spoiled from error
        try:
            execute(connection, "RELEASE SAVEPOINT work")
        except Exception as error:
            raise _Spoiled from error
        return outcome
