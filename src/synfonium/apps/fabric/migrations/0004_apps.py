"""Outside apps that were registered by their manifest."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "fabric_app",
        sa.Column("name", sa.String(30), primary_key=True),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("client_id", sa.String(26), nullable=False, unique=True),
        sa.Column("owner", sa.String(26), nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("webhook_sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("changed_s", sa.Float, nullable=False),
    )
    op.create_index("ix_fabric_app_owner", "fabric_app", ["owner"])
