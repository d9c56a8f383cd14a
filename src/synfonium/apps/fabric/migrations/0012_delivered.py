"""When an app took what it was told the last time."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("fabric_webhook", sa.Column("delivered_s", sa.Float, nullable=False, server_default="0"))
