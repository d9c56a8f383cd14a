"""Where the server of an app is that this installation stands in front of."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("fabric_app", sa.Column("upstream", sa.String(300), nullable=False, server_default=""))
