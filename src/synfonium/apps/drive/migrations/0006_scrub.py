"""Damaged content that was found, and how far the search for it has come."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "drive_damage",
        sa.Column("blob", sa.String(200), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("found_s", sa.Float, nullable=False),
    )
    op.create_table(
        "drive_scrub",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("after", sa.String(200), nullable=False),
        sa.Column("begun_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
    )
