"""Letters that wait, and the notices that a person has stopped."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity_mail",
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
    op.create_index("identity_mail_due", "identity_mail", ["state", "next_s"])
    op.create_table(
        "identity_mail_stop",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("topic", sa.String(60), primary_key=True),
        sa.Column("stopped_s", sa.Float, nullable=False),
    )
