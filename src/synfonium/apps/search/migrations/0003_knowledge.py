"""What instant answers are given from: imported encyclopedias, dictionaries and rates."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "search_entry",
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("lang", sa.String(20), nullable=False),
        sa.Column("is_dictionary", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_entry_name",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index("search_entry_name_key", "search_entry_name", ["key"])
    op.create_table(
        "search_rates",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
