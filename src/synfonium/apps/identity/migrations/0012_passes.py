"""Passes by which an administrator may look at a person's data for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "identity_pass",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("administrator", sa.String(26), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("asked_s", sa.Float, nullable=False),
        sa.Column("until_s", sa.Float, nullable=False),
    )
    op.create_index("identity_pass_person", "identity_pass", ["person"])
