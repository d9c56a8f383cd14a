"""What pages said, links between them, and what tells that two are nearly the same."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("search_page", sa.Column("simhash", sa.BigInteger, nullable=False, server_default="0"))
    for number in range(1, 5):
        op.add_column("search_page", sa.Column(f"band_{number}", sa.BigInteger))
        op.create_index(f"ix_search_page_band_{number}", "search_page", [f"band_{number}"])
    op.create_table(
        "search_extract",
        sa.Column("url", sa.String(1500), primary_key=True),
        sa.Column("extract", sa.LargeBinary, nullable=False),
        sa.Column("file_type", sa.String(10), nullable=False),
        sa.Column("read_s", sa.Float, nullable=False),
        sa.Column("standing", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "search_host_link",
        sa.Column("source", sa.String(300), primary_key=True),
        sa.Column("target", sa.String(300), primary_key=True),
    )
    op.create_table(
        "search_host_rank",
        sa.Column("host", sa.String(300), primary_key=True),
        sa.Column("rank", sa.Float, nullable=False),
    )
    op.create_table(
        "search_page_link",
        sa.Column("target", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("source", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("host", sa.BigInteger, nullable=False),
        sa.Column("anchor", sa.String(200), nullable=False),
    )
    op.create_index("ix_search_page_link_source", "search_page_link", ["source"])
    op.create_table(
        "search_page_rank",
        sa.Column("page", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Float, nullable=False),
    )
