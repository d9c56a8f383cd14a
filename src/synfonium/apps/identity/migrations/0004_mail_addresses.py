"""People's e-mail addresses, once they have shown that they read them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_mail_address",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("folded", sa.String(300), nullable=False, unique=True),
        sa.Column("verified_s", sa.Float, nullable=False),
    )
