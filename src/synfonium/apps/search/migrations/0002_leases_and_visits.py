"""Several workers on one frontier; what the last visit of an address left behind; progress."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("search_crawl", sa.Column("unchanged", sa.Integer, nullable=False, server_default="0"))
    op.add_column("search_frontier", sa.Column("kind", sa.String(8), nullable=False, server_default="page"))
    op.add_column("search_frontier", sa.Column("published_s", sa.Float, nullable=False, server_default="0"))
    _make_leases()
    _make_visits()
    op.create_table(
        "search_failure",
        sa.Column("crawl_id", sa.String(26), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "search_minute",
        sa.Column("crawl_id", sa.String(26), primary_key=True),
        sa.Column("begun_s", sa.Integer, primary_key=True),
        sa.Column("fetched", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
    )


def _make_leases() -> None:
    op.create_table(
        "search_lease",
        sa.Column("authority", sa.String(300), primary_key=True),
        sa.Column("crawl_id", sa.String(26), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until_s", sa.Float, nullable=False),
        sa.Column("next_s", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("delay_s", sa.Float, nullable=False),
        sa.Column("fetched", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
    )
    op.create_index("ix_search_lease_crawl_id", "search_lease", ["crawl_id"])
    op.create_index("ix_search_lease_holder", "search_lease", ["holder"])


def _make_visits() -> None:
    op.create_table(
        "search_visit",
        sa.Column("url", sa.String(1500), primary_key=True),
        sa.Column("authority", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("etag", sa.String(300), nullable=False),
        sa.Column("last_modified", sa.String(60), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("links", sa.LargeBinary, nullable=False),
        sa.Column("visited_s", sa.Float, nullable=False),
        sa.Column("interval_s", sa.Float, nullable=False),
        sa.Column("due_s", sa.Float, nullable=False),
    )
    op.create_index("ix_search_visit_due_s", "search_visit", ["due_s"])
