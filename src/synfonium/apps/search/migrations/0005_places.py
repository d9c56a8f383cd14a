"""Places, the names they are found by, and what the map is drawn from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NAME = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "search_place",
        sa.Column("key", sa.String(24), primary_key=True),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("cell", sa.Integer, nullable=False),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("within", sa.String(200), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_search_place_source", "search_place", ["source"])
    op.create_index("search_place_near", "search_place", ["kind", "cell"])
    op.create_table(
        "search_place_name",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("rank", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(24), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("search_place_name_key", "search_place_name", ["key"])
    op.create_table(
        "search_map_tile",
        sa.Column("zoom", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer, primary_key=True),
        sa.Column("y", sa.Integer, primary_key=True),
        sa.Column("source", sa.String(60), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
