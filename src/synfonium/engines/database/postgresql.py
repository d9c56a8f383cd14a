"""PostgreSQL, one schema an app, by psycopg 3."""

import re
import time
from typing import Any, Literal

import psycopg
import psycopg.sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from synfonium.common.problem import StorageFull
from synfonium.engines.database import postgresql_scouring
from synfonium.engines.database.threaded import ThreadedDatabase
from synfonium.ports.database import DatabaseUnavailable

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,59}")
_DISK_FULL = "53100"
# Classes 08 connection, 53 resources, 57 operator; lock not available
# (postgresql.org/docs/15/errcodes-appendix.html).
_UNAVAILABLE = ("08", "53", "57", "55P03")
_LOCK_TIMEOUT_MS = 30_000
_CONNECT_TIMEOUT_S = 5
_SETTLE_S = 10.0
_FIRST_KEY = 0x53594E46  # "SYNF": our half of the advisory lock's key


def open_postgresql(url: str, *, schema: str, read_only: bool = False) -> ThreadedDatabase:
    """The database in `schema` of the server at `url`, made when absent unless `read_only`.

    Writers of one schema wait for one another by an advisory lock, as they do on SQLite;
    so events leave in the order of their commits. A connection that is lost fails the
    works that were on it with DatabaseUnavailable and is made anew for the next. When it
    is lost during a COMMIT the server is asked how that ended; only if it stays away for
    10 s is the outcome left open.

    Raises DatabaseUnavailable when the server cannot be reached.
    """
    backend = PostgresqlBackend(url, schema)
    if not read_only:
        backend.make_schema()
    return ThreadedDatabase(backend, read_only=read_only)


class PostgresqlBackend:
    """See threaded.Backend."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: str, schema: str) -> None:
        if not _SCHEMA.fullmatch(schema):
            raise ValueError("not the name of a schema")
        self._url, self._schema = url, schema
        self._given_options = str(conninfo_to_dict(url).get("options") or "")
        self._writing = self._engine(read_only=False)
        self._reading = self._engine(read_only=True)
        self._transaction_id = ""

    def make_schema(self) -> None:
        try:
            with self._open(read_only=False) as raw:
                raw.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_FIRST_KEY, self._schema))
                raw.execute(f"CREATE SCHEMA IF NOT EXISTS {self._schema}".encode())
        except psycopg.OperationalError as error:
            raise self.explain(error) from error

    def connect(self, *, read_only: bool) -> Connection:
        return (self._reading if read_only else self._writing).connect()

    def begin(self, connection: Connection, *, read_only: bool, alone: bool) -> None:
        connection.begin()
        if read_only:
            # psycopg begins with the first statement: now, so that a lost connection shows.
            connection.exec_driver_sql("SELECT 1")
            return
        row = connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s)), pg_current_xact_id()::text",
            (_FIRST_KEY, self._schema),
        ).one()
        self._transaction_id = row[1]

    def execute(self, connection: Connection, statement: str) -> None:
        _raw(connection).execute(statement.encode())

    def commit(self, connection: Connection, *, alone: bool) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            if not error.connection_invalidated or not self._is_committed(self._transaction_id):
                raise

    def scour(self) -> None:
        with self._open(read_only=False) as raw:
            raw.autocommit = True
            postgresql_scouring.scour(raw, self._schema)

    def explain(self, error: BaseException) -> BaseException:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.Error):
            return error
        if cause.sqlstate == _DISK_FULL:
            return StorageFull()
        lost = isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
        if lost or (cause.sqlstate or "").startswith(_UNAVAILABLE):
            return DatabaseUnavailable()
        return _without_values(error, cause)

    def _is_committed(self, transaction_id: str) -> bool:
        """How a transaction ended whose connection was lost, once the server answers."""
        deadline = time.monotonic() + _SETTLE_S
        while time.monotonic() < deadline:
            try:
                with self._open(read_only=True) as raw:
                    row = raw.execute("SELECT pg_xact_status(%s::xid8)", (transaction_id,)).fetchone()
            except psycopg.OperationalError:
                row = None
            if row is not None and row[0] != "in progress":
                return bool(row[0] == "committed")
            time.sleep(0.1)
        return False

    def _engine(self, *, read_only: bool) -> Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=lambda: self._open(read_only=read_only),
            poolclass=NullPool,
            hide_parameters=True,
            use_native_hstore=False,
        )

    def _open(self, *, read_only: bool) -> "psycopg.Connection[Any]":
        options = f"-c search_path={self._schema} -c lock_timeout={_LOCK_TIMEOUT_MS} -c synchronous_commit=on"
        raw = psycopg.connect(
            self._url,
            options=f"{self._given_options} {options}".strip(),
            connect_timeout=_CONNECT_TIMEOUT_S,
            application_name="synfonium",
        )
        raw.read_only = read_only
        if read_only:
            raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return raw


def _raw(connection: Connection) -> "psycopg.Connection[Any]":
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, psycopg.Connection)
    return raw


def _without_values(error: BaseException, cause: psycopg.Error) -> BaseException:
    """PostgreSQL's DETAIL quotes the values of the row, which no error message may."""
    cause.args = (cause.diag.message_primary or type(cause).__name__,)
    if error is not cause:
        error.args = (f"({type(cause).__name__}) {cause}",)
    return error
