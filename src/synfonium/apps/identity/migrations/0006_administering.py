"""What sessions are called, and whether a token administers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "identity_session", sa.Column("label", sa.String(60), nullable=False, server_default=sa.text("''"))
    )
    # Tokens made before the rule go on doing what they did.
    op.add_column(
        "identity_token", sa.Column("administers", sa.Boolean, nullable=False, server_default=sa.true())
    )
