"""What a grant was cut from, since which click, its limits; which app opens what."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    texts = (("title", 200, ""), ("origin", 12, "page"), ("parent", 26, ""))
    for name, length, default in texts:
        op.add_column(
            "fabric_grant", sa.Column(name, sa.String(length), nullable=False, server_default=default)
        )
    op.add_column("fabric_grant", sa.Column("until_s", sa.Float, nullable=False, server_default="0"))
    op.add_column("fabric_grant", sa.Column("uses", sa.Integer, nullable=False, server_default="-1"))
    op.create_index("fabric_grant_object", "fabric_grant", ["object"])
    op.create_index("fabric_grant_parent", "fabric_grant", ["parent"])
    op.create_table(
        "fabric_default",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("intent", sa.String(10), primary_key=True),
        sa.Column("kind", sa.String(200), primary_key=True),
        sa.Column("app", sa.String(30), nullable=False),
    )
