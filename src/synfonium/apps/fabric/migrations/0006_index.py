"""Whose what is that apps pushed into the search, and what is on its way to the index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "fabric_indexed",
        sa.Column("address", sa.String(200), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("app", sa.String(30), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )
    op.create_index("fabric_indexed_person", "fabric_indexed", ["person", "app"])
    op.create_table(
        "fabric_index_use",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("app", sa.String(30), primary_key=True),
        sa.Column("documents", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "fabric_index_due",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("fabric_index_due_address", "fabric_index_due", ["address"])
