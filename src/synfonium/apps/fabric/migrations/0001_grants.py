"""Grants, and the outbox and audit rows that go with them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Rows are counted for ever; SQLite counts only its own kind of integer.
_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "fabric_grant",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("app", sa.String(30), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("actions", sa.String(60), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("since_s", sa.Float, nullable=False),
        sa.Column("used_s", sa.Float, nullable=False),
        sa.Column("revoked_s", sa.Float, nullable=True),
        sa.Column("secret_sha256", sa.LargeBinary(32), nullable=True),
    )
    op.create_index("fabric_grant_person", "fabric_grant", ["person"])
    op.create_index("fabric_grant_subject", "fabric_grant", ["subject"])
    op.create_index("fabric_grant_secret", "fabric_grant", ["secret_sha256"], unique=True)
    op.create_table(
        "fabric_outbox",
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
        "fabric_audit",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("by_app", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
