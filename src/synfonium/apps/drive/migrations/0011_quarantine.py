"""Content that is to be scanned, and content in which something harmful was found."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "drive_suspect",
        sa.Column("blob", sa.String(200), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("found", sa.String(200), nullable=False),
        sa.Column("found_s", sa.Float, nullable=False),
    )
    op.create_table(
        "drive_scan_due",
        sa.Column("blob", sa.String(200), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("since_s", sa.Float, nullable=False, index=True),
    )
