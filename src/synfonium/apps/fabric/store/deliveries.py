"""What is still to be sent to outside apps, and how each of them answers."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from synfonium.apps.fabric.store.tables import metadata

MOST_WAITING = 20_000
"""More are not kept for an app that does not take them; it finds them in the journal."""

deliveries = Table(
    "fabric_delivery",
    metadata,
    Column("app", String(30), primary_key=True),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("person", String(26), primary_key=True),
    Column("subject", String(200), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_s", Float, nullable=False),
    Column("ends_s", Float, nullable=False),
    Index("fabric_delivery_due", "app", "due_s"),
    Index("fabric_delivery_subject", "app", "subject", "seq"),
    Index("fabric_delivery_ends", "ends_s"),
    info={
        "personal": {
            "person": "id of who let an app see the thing; to tell the app; until it was told, some days",
            "subject": "address of the thing; to tell in order; until the app was told, some days",
        },
        "owner": "person",
        "ends": ("ends_s", 0.0),
    },
)

webhooks = Table(
    "fabric_webhook",
    metadata,
    Column("app", String(30), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("rests_s", Float, nullable=False),
    Column("stopped_s", Float, nullable=False),
    Column("answered_s", Float, nullable=False),
    Column("status", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("given_up", Integer, nullable=False),
    Column("delivered_s", Float, nullable=False, server_default="0"),
    info={"personal": {}},
)
d = deliveries.c
_earlier = deliveries.alias("earlier")
_IS_FIRST = (
    ~select(_earlier.c.seq)
    .where(_earlier.c.app == d.app, _earlier.c.subject == d.subject, _earlier.c.seq < d.seq)
    .exists()
)
_DUE = (
    select(deliveries)
    .where(d.app == bindparam("app"), d.due_s <= bindparam("now"), _IS_FIRST)
    .order_by(d.seq, d.person)
    .limit(bindparam("most"))
)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that an app is to be told for a person."""

    app: str
    seq: int
    person: str
    subject: str
    attempts: int = 0
    due_s: float = 0.0
    ends_s: float = 0.0

    @property
    def key(self) -> tuple[int, str]:
        return self.seq, self.person


class WebhookState(msgspec.Struct, frozen=True, kw_only=True):
    """How an app takes what it is told. failures: in a row. rests_s: nothing is sent before.
    stopped_s: when it answered 410, 0 for never. answered_s: its last answer, with that status
    (0: none in time). sent, given_up: how many, since it was registered. delivered_s: when it took
    one last, 0 for never."""

    app: str
    failures: int = 0
    rests_s: float = 0.0
    stopped_s: float = 0.0
    answered_s: float = 0.0
    status: int = 0
    sent: int = 0
    given_up: int = 0
    delivered_s: float = 0.0


def add(connection: Connection, found: Sequence[Delivery]) -> None:
    for one in found:
        if waiting(connection, one.app) < MOST_WAITING:
            connection.execute(insert(deliveries), msgspec.structs.asdict(one))
        else:
            count(connection, one.app, given_up=1)


def waiting(connection: Connection, app: str) -> int:
    return int(connection.execute(select(func.count()).where(d.app == app)).scalar_one())


def apps_waiting(connection: Connection) -> Sequence[str]:
    return list(connection.execute(select(d.app).distinct()).scalars())


def due(connection: Connection, app: str, now_s: float, most: int) -> Sequence[Delivery]:
    """What may be sent now, oldest first: of one subject only the first."""
    rows = connection.execute(_DUE, {"app": app, "now": now_s, "most": most})
    return [msgspec.convert(row, Delivery, from_attributes=True) for row in rows]


def next_due_s(connection: Connection, app: str) -> float | None:
    """When something is due next; None when nothing waits."""
    return connection.execute(select(func.min(d.due_s)).where(d.app == app, _IS_FIRST)).scalar()


def done(connection: Connection, one: Delivery) -> None:
    connection.execute(delete(deliveries).where(d.app == one.app, d.seq == one.seq, d.person == one.person))


def put_off(connection: Connection, one: Delivery, due_s: float) -> None:
    where = (d.app == one.app, d.seq == one.seq, d.person == one.person)
    connection.execute(update(deliveries).where(*where).values(attempts=one.attempts + 1, due_s=due_s))


def hasten(connection: Connection, app: str, now_s: float) -> None:
    """All that waits is due: the app takes things again."""
    connection.execute(update(deliveries).where(d.app == app, d.due_s > now_s).values(due_s=now_s))


def drop(connection: Connection, app: str) -> int:
    return connection.execute(delete(deliveries).where(d.app == app)).rowcount


def state(connection: Connection, app: str) -> WebhookState:
    row = connection.execute(select(webhooks).where(webhooks.c.app == app)).first()
    return WebhookState(app=app) if row is None else msgspec.convert(row, WebhookState, from_attributes=True)


def troubled(connection: Connection) -> dict[str, WebhookState]:
    """Of the apps that take nothing just now: they said so, or did not answer well."""
    w = webhooks.c
    rows = connection.execute(select(webhooks).where((w.stopped_s > 0) | (w.failures > 0)))
    return {row.app: msgspec.convert(row, WebhookState, from_attributes=True) for row in rows}


def keep_state(connection: Connection, kept: WebhookState) -> None:
    connection.execute(delete(webhooks).where(webhooks.c.app == kept.app))
    connection.execute(insert(webhooks), msgspec.structs.asdict(kept))


def trust(connection: Connection, app: str, now_s: float) -> None:
    """It is told again from now on, though it had stopped or rests."""
    kept = state(connection, app)
    keep_state(connection, msgspec.structs.replace(kept, failures=0, rests_s=0.0, stopped_s=0.0))
    hasten(connection, app, now_s)


def forget(connection: Connection, app: str) -> None:
    """The app is not here any more."""
    drop(connection, app)
    connection.execute(delete(webhooks).where(webhooks.c.app == app))


def count(connection: Connection, app: str, *, given_up: int) -> None:
    before = state(connection, app)
    keep_state(connection, msgspec.structs.replace(before, given_up=before.given_up + given_up))
