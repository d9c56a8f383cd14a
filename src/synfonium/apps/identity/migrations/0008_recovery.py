"""People whom one trusts to let one in again, and recoveries that go through them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_trusted",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("trusted", sa.String(26), nullable=False),
        sa.Column("is_accepted", sa.Boolean, nullable=False),
        sa.Column("asked_s", sa.Float, nullable=False),
    )
    op.create_index("identity_trusted_person", "identity_trusted", ["person"])
    op.create_index("identity_trusted_trusted", "identity_trusted", ["trusted"])
    op.create_table(
        "identity_rescue",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("spoken_hash", sa.String(64), nullable=False),
        sa.Column("confirmed_by", sa.String(26), nullable=False),
        sa.Column("due_s", sa.Float, nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    op.create_index("identity_rescue_person", "identity_rescue", ["person"])
