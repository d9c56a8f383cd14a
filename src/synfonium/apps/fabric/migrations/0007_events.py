"""The journal of facts, who may hear each, and what is still to be sent to outside apps."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# Rows are counted for ever; SQLite counts only its own kind of integer.
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "fabric_event",
        sa.Column("seq", _BIG, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(26), nullable=False, unique=True),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("app", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("owner", sa.String(26), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("ends_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("app", "id", name="fabric_event_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("fabric_event_owner", "fabric_event", ["owner", "seq"])
    op.create_index("fabric_event_ends", "fabric_event", ["ends_s"])
    op.create_table(
        "fabric_hearer",
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("grant_id", sa.String(26), primary_key=True),
        sa.Column("ends_s", sa.Float, nullable=False),
    )
    op.create_index("fabric_hearer_seq", "fabric_hearer", ["seq"])
    op.create_index("fabric_hearer_ends", "fabric_hearer", ["ends_s"])
    op.create_table(
        "fabric_delivery",
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("seq", _BIG, primary_key=True, autoincrement=False),
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_s", sa.Float, nullable=False),
        sa.Column("ends_s", sa.Float, nullable=False),
    )
    op.create_index("fabric_delivery_due", "fabric_delivery", ["app", "due_s"])
    op.create_index("fabric_delivery_subject", "fabric_delivery", ["app", "subject", "seq"])
    op.create_index("fabric_delivery_ends", "fabric_delivery", ["ends_s"])
    op.create_table(
        "fabric_webhook",
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("rests_s", sa.Float, nullable=False),
        sa.Column("stopped_s", sa.Float, nullable=False),
        sa.Column("answered_s", sa.Float, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("given_up", sa.Integer, nullable=False),
    )
