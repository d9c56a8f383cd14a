"""Adds rows to an app's chain, within the caller's transaction."""

import re

from sqlalchemy import Connection

from synfonium.kernel.audit.chain import GENESIS, row_hash
from synfonium.ports.clock import Clock

__all__ = ["Audit"]

_SUBJECT = re.compile(r"[a-z][a-z0-9_.-]*:[A-Za-z0-9._:/~-]{1,180}")


class Audit:
    """Writers of one app wait for one another (see the port of databases), so that the row
    before is the row before also with several processes."""

    def __init__(self, app: str, clock: Clock) -> None:
        self._app, self._clock = app, clock
        # Past SQLAlchemy's compiler: an audit row goes with every change, and its chain costs
        # a second statement.
        table = f"{app}_audit"
        columns = "seq, time_s, person, act, subject, by_app, previous, hash"
        self._last = f"SELECT seq, hash FROM {table} ORDER BY seq DESC LIMIT 1"
        self._insert = {
            "sqlite": f"INSERT INTO {table} ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "postgresql": f"INSERT INTO {table} ({columns}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        }

    def add(self, connection: Connection, person: str, act: str, subject: str, by_app: str = "") -> None:
        """`person` did `act` (`app.noun.verb`) to the object `subject`, by the app `by_app`.

        subject: an address of ids, such as `drive:node/…`; never a name, an e-mail address
        or a file's name, since rows outlive what they tell of. Raises ValueError.
        """
        if not _SUBJECT.fullmatch(subject):
            raise ValueError("the subject of an audit row is an address of ids")
        last = connection.exec_driver_sql(self._last).first()
        seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
        time_s = float(self._clock.now_s())
        found = row_hash(self._app, seq, time_s, (person, act, subject, by_app), previous)
        connection.exec_driver_sql(
            self._insert[connection.dialect.name],
            (seq, time_s, person, act, subject, by_app, previous, found),
        )
