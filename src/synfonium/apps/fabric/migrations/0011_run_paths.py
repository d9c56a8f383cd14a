"""Where the thing lay that a rule is to look at: in the trash it is seen no more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("fabric_rule_run", sa.Column("path", sa.Text, nullable=False, server_default=""))
