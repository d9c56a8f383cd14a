"""Group folders that are removed, letters about reports, objections, and whole drives handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("drive_group_folder") as table:
        table.add_column(sa.Column("removed_s", sa.Float, nullable=False, server_default="0"))
    with op.batch_alter_table("drive_report") as table:
        table.add_column(sa.Column("locale", sa.String(8), nullable=False, server_default=""))
        table.add_column(sa.Column("objection", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("objected_s", sa.Float, nullable=False, server_default="0"))
        table.add_column(sa.Column("answer", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("answered_s", sa.Float, nullable=False, server_default="0"))
    op.create_table(
        "drive_mail",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("about", sa.String(26), nullable=False),
        sa.Column("template", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("added_s", sa.Float, nullable=False),
        sa.Column("next_s", sa.Float, nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("drive_mail_due", "drive_mail", ["state", "next_s"])
    op.create_table(
        "drive_hand_over",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False, unique=True),
        sa.Column("to", sa.String(26), nullable=False),
        sa.Column("asked_by", sa.String(26), nullable=False),
        sa.Column("into", sa.String(26), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("why", sa.String(60), nullable=False),
        sa.Column("moved", sa.Integer, nullable=False),
        sa.Column("asked_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float, nullable=False),
    )
