"""Outside sources, accounts bound to them, sessions that came from them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_outside_source",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_outside_account",
        sa.Column("issuer", sa.String(500), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("display", sa.String(80), nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("bound_s", sa.Float, nullable=False),
        sa.Column("last_used_s", sa.Float),
    )
    op.create_index("identity_outside_account_person", "identity_outside_account", ["person"])
    op.create_table(
        "identity_outside_session",
        sa.Column("session", sa.String(26), primary_key=True),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("sid", sa.String(255), nullable=False),
    )
    op.create_index("identity_outside_session_subject", "identity_outside_session", ["subject"])
