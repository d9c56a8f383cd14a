"""Rows that say who did what to which object; written in the same commit as the deed."""

from sqlalchemy import BigInteger, Column, Connection, Float, Integer, MetaData, String, Table, insert

from synfonium.ports.clock import Clock


def audit_table(app: str, metadata: MetaData) -> Table:
    """The table `<app>_audit`; each app that changes things makes it in its first migration."""
    return Table(
        f"{app}_audit",
        metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("time_s", Float, nullable=False),
        Column("person", String(26), nullable=False),
        Column("act", String(100), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("by_app", String(60), nullable=False, default=""),
        info={
            "personal": {"person": "id of who did it; accountability towards that person; 12 months"},
            "kept": "who did what must stay provable; an id alone says nothing once the account is gone",
        },
        keep_existing=True,
        sqlite_autoincrement=True,
    )


class Audit:
    """Adds audit rows within the caller's transaction."""

    def __init__(self, app: str, clock: Clock) -> None:
        self._clock = clock
        self._table = audit_table(app, MetaData())

    def add(self, connection: Connection, person: str, act: str, subject: str, by_app: str = "") -> None:
        """`person` did `act` (`app.noun.verb`) to the object `subject`, by the app `by_app`."""
        row = {
            "time_s": self._clock.now_s(),
            "person": person,
            "act": act,
            "subject": subject,
            "by_app": by_app,
        }
        connection.execute(insert(self._table), [row])
