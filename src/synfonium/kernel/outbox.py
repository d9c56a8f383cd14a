"""Events leave an app in the same commit as the change they tell of."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)

from synfonium.common.event import Event
from synfonium.common.ids import EventId, new_id
from synfonium.ports.clock import Clock

Facts = Mapping[str, str | int | float | bool | None]
# As many attempts as the relay makes before it gives an event up.
PARKED_AT = 8


def outbox_table(app: str, metadata: MetaData) -> Table:
    """The table `<app>_outbox`; each app with events makes it in its first migration.

    Events carry ids and facts, never names or content.
    """
    return Table(
        f"{app}_outbox",
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("id", String(26), nullable=False, unique=True),
        Column("type", String(100), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("time_s", Float, nullable=False),
        Column("data", LargeBinary, nullable=False),
        Column("attempts", Integer, nullable=False, default=0),
        info={"personal": {}},
        keep_existing=True,
        sqlite_autoincrement=True,
    )


class Outbox:
    """Writes events into the app's outbox, within the caller's transaction.

    `on_added` is called from the writer's thread, before the commit: it says that there
    will soon be something to deliver.
    """

    def __init__(self, app: str, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self.on_added: Callable[[], None] = lambda: None
        self._table = outbox_table(app, MetaData())
        self._insert = insert(self._table)

    def exists(self, connection: Connection) -> bool:
        """Whether the app has made its outbox: apps without events have none."""
        return inspect(connection).has_table(self._table.name)

    def add(
        self,
        connection: Connection,
        type_: str,
        subject: str,
        values: Facts | None = None,
    ) -> EventId:
        """Records that `type_` happened to `subject`; it is delivered after the commit."""
        return self.add_many(connection, [(type_, subject, values or {})])[0]

    def add_many(self, connection: Connection, found: Sequence[tuple[str, str, Facts]]) -> list[EventId]:
        """As `add` for each of: type, subject, values. One statement in all."""
        now_s = self._clock.now_s()
        ids = [EventId(new_id(now_s)) for _one in found]
        rows = [
            {
                "id": id_,
                "type": type_,
                "subject": subject,
                "time_s": now_s,
                "data": msgspec.json.encode(values),
                "attempts": 0,
            }
            for id_, (type_, subject, values) in zip(ids, found, strict=True)
        ]
        if rows:
            connection.execute(self._insert, rows)
            self.on_added()
        return ids

    def pending(self, connection: Connection, after: int, limit: int) -> Sequence[tuple[int, Event, int]]:
        """Up to `limit` undelivered events after sequence `after`: (seq, event, attempts)."""
        table = self._table
        rows = connection.execute(select(table).where(table.c.seq > after).order_by(table.c.seq).limit(limit))
        return [
            (
                row.seq,
                Event(
                    id=EventId(row.id),
                    type=row.type,
                    source=self._app,
                    subject=row.subject,
                    time_s=row.time_s,
                    data=msgspec.json.decode(row.data),
                ),
                row.attempts,
            )
            for row in rows
        ]

    def counts(self, connection: Connection) -> tuple[int, int]:
        """How many events wait, and how many of them were given up. (0, 0) without a table."""
        if not self.exists(connection):
            return 0, 0
        table = self._table
        total = connection.execute(select(func.count()).select_from(table)).scalar_one()
        parked = select(func.count()).select_from(table).where(table.c.attempts >= PARKED_AT)
        stuck = connection.execute(parked).scalar_one()
        return int(total - stuck), int(stuck)

    def last(self, connection: Connection) -> int:
        """The sequence of the newest event that waits, 0 for none. 0 without a table."""
        if not self.exists(connection):
            return 0
        return int(connection.execute(select(func.max(self._table.c.seq))).scalar() or 0)

    def waits(self, connection: Connection, until: int) -> bool:
        """Whether one up to that sequence is still on its way; those given up are not."""
        table = self._table
        on_the_way = select(table.c.seq).where(table.c.seq <= until, table.c.attempts < PARKED_AT).limit(1)
        return connection.execute(on_the_way).first() is not None

    def done(self, connection: Connection, sequences: Sequence[int]) -> None:
        """Forgets delivered events."""
        connection.execute(self._table.delete().where(self._table.c.seq.in_(sequences)))

    def failed(self, connection: Connection, seq: int) -> None:
        table = self._table
        connection.execute(table.update().where(table.c.seq == seq).values(attempts=table.c.attempts + 1))
