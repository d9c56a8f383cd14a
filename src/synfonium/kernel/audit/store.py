"""SQL of the audit: rows and heads of one app. A value of a wrong type is a broken chain."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, MetaData, delete, func, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from synfonium.kernel.audit.chain import GENESIS, Broken, Row
from synfonium.kernel.audit.heads import Head
from synfonium.kernel.audit.table import audit_heads_table, audit_table

__all__ = ["AuditStore", "Wanted"]

BATCH = 5000


class Wanted:
    """Which rows are looked for. Empty or None asks for all; times in seconds UTC."""

    def __init__(
        self,
        *,
        person: str = "",
        about: str = "",
        act: str = "",
        by_app: str = "",
        before_s: float | None = None,
        since_s: float | None = None,
    ) -> None:
        self.person, self.about, self.act, self.by_app = person, about, act, by_app
        self.before_s, self.since_s = before_s, since_s


class AuditStore:
    """Reads and writes one app's audit on a connection that is given."""

    def __init__(self, app: str) -> None:
        self._app = app
        metadata = MetaData()
        self._rows, self._heads = audit_table(app, metadata), audit_heads_table(app, metadata)

    def exists(self, connection: Connection) -> bool:
        return inspect(connection).has_table(self._heads.name)

    def heads(self, connection: Connection) -> list[Head]:
        """All heads, oldest first. Raises Broken for one that cannot be read."""
        try:
            rows = connection.execute(select(self._heads).order_by(self._heads.c.number)).all()
            return [Head(app=self._app, **row._mapping) for row in rows]
        except (SQLAlchemyError, UnicodeError, TypeError, ValueError):
            raise Broken(self._app, 0, "head_differs") from None

    def last_head(self, connection: Connection) -> Head | None:
        newest = select(self._heads).order_by(self._heads.c.number.desc()).limit(1)
        row = connection.execute(newest).first()
        return Head(app=self._app, **row._mapping) if row else None

    def last_signed(self, connection: Connection) -> tuple[int, str]:
        """Number and hash of the row that the newest head of kind `head` is of; (0, GENESIS) for none."""
        table = self._heads
        newest = select(table.c.seq, table.c.hash).where(table.c.kind == "head")
        row = connection.execute(newest.order_by(table.c.number.desc()).limit(1)).first()
        return (row.seq, row.hash) if row else (0, GENESIS)

    def add_head(self, connection: Connection, head: Head) -> None:
        fields = ("number", "seq", "hash", "time_s", "kind", "previous", "signature")
        connection.execute(insert(self._heads), [{name: getattr(head, name) for name in fields}])

    def batch(self, connection: Connection, after_seq: int, limit: int = BATCH) -> list[Row]:
        """Rows after `after_seq`, in order. Raises Broken for what cannot be read."""
        table = self._rows
        wanted = select(table).where(table.c.seq > after_seq).order_by(table.c.seq).limit(limit)
        try:
            return [self._row(*row) for row in connection.execute(wanted)]
        except (SQLAlchemyError, UnicodeError, TypeError, ValueError):
            raise Broken(self._app, after_seq + 1, "changed") from None

    def follow(self, connection: Connection) -> Iterator[Row]:
        """Every row that is there, in order."""
        after = -1
        while rows := self.batch(connection, after):
            yield from rows
            after = rows[-1].seq

    def last_seq(self, connection: Connection) -> int:
        return int(connection.execute(select(func.max(self._rows.c.seq))).scalar() or 0)

    def count(self, connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(self._rows)).scalar_one())

    def find(self, connection: Connection, wanted: Wanted, limit: int) -> Sequence[Row]:
        """Up to `limit` rows that are wanted, the newest first."""
        table = self._rows
        query = select(table)
        if wanted.person:
            query = query.where(table.c.person == wanted.person)
        if wanted.about:
            query = query.where(table.c.subject == wanted.about)
        if wanted.act:
            query = query.where(table.c.act.startswith(wanted.act, autoescape=True))
        if wanted.by_app:
            query = query.where(table.c.by_app == wanted.by_app)
        if wanted.before_s is not None:
            query = query.where(table.c.time_s < wanted.before_s)
        if wanted.since_s is not None:
            query = query.where(table.c.time_s >= wanted.since_s)
        return [
            self._row(*row) for row in connection.execute(query.order_by(table.c.seq.desc()).limit(limit))
        ]

    def end_of_old(self, connection: Connection, before_s: float, most: int) -> tuple[int, str] | None:
        """Up to which row all are older than `before_s`: at most `most` rows, never the last."""
        table = self._rows
        young = connection.execute(select(func.min(table.c.seq)).where(table.c.time_s >= before_s)).scalar()
        first = connection.execute(select(func.min(table.c.seq))).scalar()
        if first is None:
            return None
        end = min((young or self.last_seq(connection)) - 1, first + most - 1)
        found = connection.execute(select(table.c.seq, table.c.hash).where(table.c.seq == end)).first()
        return (found.seq, found.hash) if found else None

    def remove_to(self, connection: Connection, seq: int) -> int:
        return connection.execute(delete(self._rows).where(self._rows.c.seq <= seq)).rowcount

    def _row(
        self,
        seq: int,
        time_s: float,
        person: str,
        act: str,
        subject: str,
        by_app: str,
        previous: str,
        hash_: str,
    ) -> Row:
        return Row(
            app=self._app,
            seq=seq,
            time_s=time_s,
            person=person,
            act=act,
            subject=subject,
            by_app=by_app,
            previous=previous,
            hash=hash_,
        )
