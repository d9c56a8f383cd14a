"""Requests of people and sites, what is left out for them, letters about it, and API tokens."""

import sqlalchemy as sa
from alembic import op

from synfonium.kernel.audit.table import add_heads_and_indexes

revision = "0009"
down_revision = "0008"

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_request",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("url", sa.String(1500), nullable=False),
        sa.Column("is_site", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("effect", sa.String(10), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("decided_by", sa.String(26), nullable=False),
        sa.Column("decided_s", sa.Float),
        sa.Column("objection", sa.Text, nullable=False),
        sa.Column("objected_s", sa.Float, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("answered_s", sa.Float, nullable=False),
    )
    op.create_index("search_request_state", "search_request", ["state", "made_s"])
    op.create_table(
        "search_block",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("url", sa.String(1500), nullable=False),
        sa.Column("is_site", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
    op.create_table(
        "search_token",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("per_s", sa.Float, nullable=False),
        sa.Column("burst", sa.Integer, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("until_s", sa.Float, nullable=False),
    )
    op.create_table(
        "search_mail",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("about", sa.String(26), nullable=False),
        sa.Column("template", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("added_s", sa.Float, nullable=False),
        sa.Column("next_s", sa.Float, nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("search_mail_due", "search_mail", ["state", "next_s"])
    op.create_table(
        "search_audit",
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
    add_heads_and_indexes(op, "search")
