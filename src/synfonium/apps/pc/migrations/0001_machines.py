"""PCs, and tickets to their screens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Rows are counted for ever; SQLite counts only its own kind of integer.
_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "pc_machine",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("owner", sa.String(26), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("image", sa.String(40), nullable=False),
        sa.Column("cpus", sa.Float, nullable=False),
        sa.Column("memory_bytes", sa.BigInteger, nullable=False),
        sa.Column("disk_bytes", sa.BigInteger, nullable=False),
        sa.Column("wanted", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("started_s", sa.Float, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.UniqueConstraint("owner", "name", name="pc_machine_name"),
    )
    op.create_table(
        "pc_ticket",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("machine", sa.String(26), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    _make_outbox_and_audit()


def _make_outbox_and_audit() -> None:
    op.create_table(
        "pc_outbox",
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
        "pc_audit",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("by_app", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
