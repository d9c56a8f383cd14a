"""The SQL port."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Connection

from synfonium.common.problem import Unavailable

T = TypeVar("T")


class DatabaseUnavailable(Unavailable):
    """The database does not answer, is locked by another program, or has too much queued.

    Nothing of the refused work was written, unless the engine says otherwise.
    """

    code = "database_unavailable"


class Database(Protocol):
    """One app's own database: one writer, many readers, nothing lost after an answer.

    `write` runs `work` in the writer's thread inside a transaction and resolves only
    after the COMMIT is durable (SQLite: WAL, `synchronous=FULL`). Works queued meanwhile
    may share that commit; each has a savepoint of its own, so that one that raises is
    undone alone and its exception returned to its caller. A commit that fails undoes the
    whole group; it fails them all, unless a broken constraint is one work's alone. A work
    may run twice when its group is retried: it touches nothing but its connection, and
    neither commits nor rolls back more than savepoints of its own.

    `read` runs `work` in a reader's thread on a consistent snapshot that includes every
    write whose future has resolved. It cannot write.

    A full disk raises `common.problem.StorageFull` and loses nothing committed. A
    database opened with `read_only=True` refuses `write` with RuntimeError; so does a
    closed one. A database that cannot be reached, is locked for long, or has a full queue
    raises DatabaseUnavailable. A work whose caller is cancelled is done wholly or not at
    all. Works use SQLAlchemy Core on tables of the app alone.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]: ...

    async def write(self, work: Callable[[Connection], T]) -> T: ...
    async def read(self, work: Callable[[Connection], T]) -> T: ...
    def submit_write(self, work: Callable[[Connection], T]) -> "Future[T]":
        """As `write`, for code that runs in a thread of its own."""
        ...

    def submit_read(self, work: Callable[[Connection], T]) -> "Future[T]": ...
    def alter(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` as a write alone in its transaction, for changes of tables.

        Blocks. Foreign keys are checked once, at its end, so that tables may be rebuilt.
        """
        ...

    def scour(self) -> None:
        """Makes what was deleted before leave the files: free pages, old pages, the log.

        Blocks, and writers wait. Raises DatabaseUnavailable when somebody reads what was
        before for too long; then it may be asked again.
        """
        ...

    def close(self) -> None:
        """Finishes what was queued, then closes. Idempotent."""
        ...
