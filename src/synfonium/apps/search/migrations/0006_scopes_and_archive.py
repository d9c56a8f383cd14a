"""Named scopes of crawls, and where in the archive a page is."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "search_scope",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("rules", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_archive",
        sa.Column("url", sa.String(1500), primary_key=True),
        sa.Column("read_s", sa.Float, primary_key=True),
        sa.Column("blob", sa.String(100), nullable=False),
        sa.Column("start_byte", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )
    op.create_index("ix_search_archive_blob", "search_archive", ["blob"])
