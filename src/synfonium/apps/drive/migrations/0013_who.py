"""Who did what the journal of changes tells."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("drive_change", sa.Column("person", sa.String(26), nullable=False, server_default=""))
