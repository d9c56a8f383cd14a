"""Installations whose bundles we take in, and which documents came from each."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "search_peer",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("origin", sa.String(300), nullable=False, unique=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("added_s", sa.Float, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("pulled_s", sa.Float, nullable=False),
        sa.Column("failure", sa.String(20), nullable=False),
    )
    op.create_table(
        "search_peer_document",
        sa.Column("key", sa.String(1540), primary_key=True),
        sa.Column("peer_id", sa.String(26), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
    )
    op.create_index("search_peer_document_peer", "search_peer_document", ["peer_id", "epoch"])
