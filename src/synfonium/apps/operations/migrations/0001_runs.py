"""Backups and rehearsals as they ran, and how each role was."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "operations_outbox",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "operations_run",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("is_job", sa.Boolean, nullable=False),
        sa.Column("begun_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float, nullable=False),
        sa.Column("kept_id", sa.String(64), nullable=False),
        sa.Column("added_bytes", sa.BigInteger, nullable=False),
        sa.Column("total_bytes", sa.BigInteger, nullable=False),
        sa.Column("vault_bytes", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("checked", sa.Text),
    )
    op.create_index("operations_run_order", "operations_run", ["begun_s"])
    op.create_table(
        "operations_pulse",
        sa.Column("time_s", sa.Float, primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("is_up", sa.Boolean, nullable=False),
        sa.Column("memory_bytes", sa.BigInteger, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
    )
