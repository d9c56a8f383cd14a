"""The second step after a password: a code from an app, and recovery codes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_totp",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_recovery_code",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
    op.create_index("identity_recovery_code_person", "identity_recovery_code", ["person"])
