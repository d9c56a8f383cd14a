"""Small blobs are rows, committed with what tells of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "drive_small_blob",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
