"""Adds rows to an app's chain, within the caller's transaction."""

import re
from collections.abc import Sequence

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
        # Past SQLAlchemy: an audit row goes with every change, and its chain costs a second
        # statement (benchmarks/how_many_audit_rows_a_second.py).
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
        self.add_many(connection, [(person, act, subject, by_app)])

    def add_many(self, connection: Connection, deeds: Sequence[tuple[str, str, str, str]]) -> None:
        """As `add` for each of `deeds`: person, act, subject, by_app. Two statements in all."""
        if not all(_SUBJECT.fullmatch(subject) for _person, _act, subject, _by_app in deeds):
            raise ValueError("the subject of an audit row is an address of ids")
        cursor = connection.connection.cursor()
        cursor.execute(self._last)
        seq, previous = cursor.fetchone() or (0, GENESIS)
        time_s, rows = float(self._clock.now_s()), []
        for deed in deeds:
            seq += 1
            found = row_hash(self._app, seq, time_s, deed, previous)
            rows.append((seq, time_s, *deed, previous, found))
            previous = found
        insert = self._insert[connection.dialect.name]
        if len(rows) == 1:
            cursor.execute(insert, rows[0])
        elif rows:
            cursor.executemany(insert, rows)
        cursor.close()
