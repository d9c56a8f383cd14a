"""Uploads in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "drive_upload",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("top", sa.String(26), nullable=False),
        sa.Column("door", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("total_bytes", sa.BigInteger),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("began_s", sa.Float, nullable=False),
        sa.Column("active_s", sa.Float, nullable=False, index=True),
        sa.Column("held_bytes", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("space", "top", "door", "name", name="drive_upload_name"),
    )
    op.create_table(
        "drive_upload_part",
        sa.Column("upload", sa.String(26), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("blob", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("offset_bytes", sa.BigInteger),
        sa.Column("md5", sa.String(32), nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
