"""Open sign-up: what the operator decided, and who agreed to which terms."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_sign_up_rules",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("minimum_age", sa.Integer, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_acceptance",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("accepted_s", sa.Float, nullable=False),
    )
