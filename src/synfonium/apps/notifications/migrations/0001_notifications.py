"""Notifications, how people want to hear of them, their browsers, and what waits to be pushed."""

import sqlalchemy as sa
from alembic import op

from synfonium.kernel.audit.table import add_heads_and_indexes

revision = "0001"
down_revision = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _items()
    _choices()
    _pushes()
    _house()


def _items() -> None:
    op.create_table(
        "notifications_item",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("app", sa.String(30), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("urgency", sa.String(10), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("is_silent", sa.Boolean, nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("read_s", sa.Float, nullable=False),
    )
    op.create_index("notifications_item_person", "notifications_item", ["person", "time_s", "id"])
    op.create_index("notifications_item_unread", "notifications_item", ["person", "read_s"])
    op.create_index("notifications_item_key", "notifications_item", ["person", "app", "key"])


def _choices() -> None:
    op.create_table(
        "notifications_choice",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("from_min", sa.Integer, nullable=False),
        sa.Column("to_min", sa.Integer, nullable=False),
        sa.Column("days", sa.String(20), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("lets_high", sa.Boolean, nullable=False),
    )
    op.create_table(
        "notifications_topic",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("topic", sa.String(40), primary_key=True),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
    )
    op.create_table(
        "notifications_tally",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("day_s", sa.Float, primary_key=True),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
    )


def _pushes() -> None:
    op.create_table(
        "notifications_push",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("session", sa.String(26), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("place", sa.LargeBinary(32), nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("succeeded_s", sa.Float, nullable=False),
        sa.Column("alive_s", sa.Float, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("waits_s", sa.Float, nullable=False),
    )
    op.create_index("notifications_push_person", "notifications_push", ["person"])
    op.create_index("notifications_push_session", "notifications_push", ["session"])
    op.create_index("notifications_push_place", "notifications_push", ["place"], unique=True)
    op.create_table(
        "notifications_waiting",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("push", sa.String(26), nullable=False),
        sa.Column("item", sa.String(26), nullable=False),
        sa.Column("urgency", sa.String(10), nullable=False),
        sa.Column("is_held", sa.Boolean, nullable=False),
        sa.Column("due_s", sa.Float, nullable=False),
        sa.Column("ends_s", sa.Float, nullable=False),
    )
    op.create_index("notifications_waiting_due", "notifications_waiting", ["due_s"])
    op.create_index("notifications_waiting_person", "notifications_waiting", ["person"])
    op.create_index("notifications_waiting_push", "notifications_waiting", ["push", "item"], unique=True)
    op.create_table(
        "notifications_vapid",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )


def _house() -> None:
    op.create_table(
        "notifications_outbox",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "notifications_audit",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("by_app", sa.String(60), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    add_heads_and_indexes(op, "notifications")
