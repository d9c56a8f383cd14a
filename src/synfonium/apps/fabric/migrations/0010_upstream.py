"""Where the server of an app is that we stand in front of; rights that ended with their app."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "fabric_grant", sa.Column("is_final", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("fabric_app", sa.Column("upstream", sa.String(300), nullable=False, server_default=""))
