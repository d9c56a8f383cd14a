"""Checksums that came with the parts of an upload."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("drive_upload_part", sa.Column("sums", sa.String(400), nullable=False, server_default=""))
