"""Which acts were done under which key."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "fabric_act",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("caller", sa.String(30), primary_key=True),
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("request_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("answer", sa.Text, nullable=True),
        sa.Column("time_s", sa.Float, nullable=False),
    )
