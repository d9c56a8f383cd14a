"""The token of preferences that a person keeps with their account."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "search_preferences",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
    )
