"""Crawls, their frontier, hosts' rules, and the pages that were read."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Rows are counted for ever; SQLite counts only its own kind of integer.
_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_crawl",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("plan", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("begun_s", sa.Float, nullable=False),
        sa.Column("indexed", sa.Integer, nullable=False),
        sa.Column("fetched", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("forbidden", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
    )
    op.create_table(
        "search_frontier",
        sa.Column("crawl_id", sa.String(26), primary_key=True),
        sa.Column("url", sa.String(1500), primary_key=True),
        sa.Column("authority", sa.String(300), nullable=False),
        sa.Column("hops", sa.Integer, nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("redirects", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
    )
    op.create_index(
        "search_frontier_next", "search_frontier", ["crawl_id", "authority", "state", "hops", "depth"]
    )
    op.create_table(
        "search_host",
        sa.Column("authority", sa.String(300), primary_key=True),
        sa.Column("robots", sa.Text, nullable=False),
        sa.Column("robots_read_s", sa.Float, nullable=False),
    )
    op.create_table(
        "search_page",
        sa.Column("url", sa.String(1500), primary_key=True),
        sa.Column("host", sa.String(300), nullable=False),
        sa.Column("lang", sa.String(20), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("read_s", sa.Float, nullable=False),
    )
    op.create_index("ix_search_page_host", "search_page", ["host"])
    op.create_index("ix_search_page_digest", "search_page", ["digest"])
    op.create_table(
        "search_outbox",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
