"""Archives that an administrator asked for, by a pass."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("yourdata_archive", sa.Column("by", sa.String(26), nullable=False, server_default=""))
