"""Keys of the S3 API."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "drive_s3_key",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("may_write", sa.Boolean, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("expires_s", sa.Float),
    )
    op.create_index("ix_drive_s3_key_person", "drive_s3_key", ["person"])
