"""Shares with people and groups, where they stand in a recipient's drive, and group folders."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "drive_share",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, index=True),
        sa.Column("space", sa.String(26), nullable=False, index=True),
        sa.Column("node", sa.String(26), nullable=False),
        sa.Column("by", sa.String(26), nullable=False, index=True),
        sa.Column("to_kind", sa.String(12), nullable=False),
        sa.Column("to", sa.String(26), nullable=False),
        sa.Column("to_name", sa.Text, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("may_share", sa.Boolean, nullable=False),
        sa.Column("until_s", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.UniqueConstraint("node", "to_kind", "to", name="drive_share_once"),
    )
    op.create_index("drive_share_to", "drive_share", ["to", "to_kind"])
    op.create_table(
        "drive_mount",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("node", sa.String(26), primary_key=True),
        sa.Column("parent", sa.String(26)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_left", sa.Boolean, nullable=False),
    )
    op.create_table(
        "drive_group_folder",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("organisation", sa.String(26), nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_by", sa.String(26), nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
    )
    _links()


def _links() -> None:
    op.create_table(
        "drive_link",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False, index=True),
        sa.Column("space", sa.String(26), nullable=False, index=True),
        sa.Column("node", sa.String(26), nullable=False, index=True),
        sa.Column("by", sa.String(26), nullable=False, index=True),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("until_s", sa.Float, nullable=False),
        sa.Column("most_downloads", sa.Integer, nullable=False),
        sa.Column("downloads", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("blocked_s", sa.Float, nullable=False),
    )
    op.create_table(
        "drive_link_sent",
        sa.Column("node", sa.String(26), primary_key=True),
        sa.Column("link", sa.String(26), nullable=False, index=True),
        sa.Column("sender", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "drive_report",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("link", sa.String(26), nullable=False, index=True),
        sa.Column("by", sa.String(26), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("decided_by", sa.String(26), nullable=False),
        sa.Column("decided_s", sa.Float),
    )
    op.create_index("drive_report_state", "drive_report", ["state", "made_s"])
