"""Moving in from elsewhere: jobs, and what they have taken."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "drive_move_in",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False, index=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sealed_access", sa.LargeBinary, nullable=False),
        sa.Column("target", sa.String(26), nullable=False),
        sa.Column("asked_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float, nullable=False),
        sa.Column("is_counted", sa.Boolean, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
        sa.Column("same", sa.Integer, nullable=False),
        sa.Column("not_taken", sa.Integer, nullable=False),
    )
    op.create_table(
        "drive_move_in_file",
        sa.Column("job", sa.String(26), primary_key=True),
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("why", sa.String(12), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
    )
