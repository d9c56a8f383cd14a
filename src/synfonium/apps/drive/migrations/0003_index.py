"""What is still to be told to the private search."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "drive_index_due",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("node", sa.String(26), nullable=False),
        sa.Column("is_deep", sa.Boolean, nullable=False),
        sa.Column("after", sa.String(26), nullable=False),
        sqlite_autoincrement=True,
    )
