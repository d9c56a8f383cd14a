"""People's rules, and what each of them did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "fabric_rule",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("object", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("paused_why", sa.String(20), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_index("fabric_rule_person", "fabric_rule", ["person", "event"])
    op.create_table(
        "fabric_rule_run",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("rule", sa.String(26), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("event", sa.String(26), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("event_s", sa.Float, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("chain", sa.String(200), nullable=False),
        sa.Column("touched", sa.Text, nullable=False),
        sa.Column("problem", sa.String(200), nullable=False),
        sa.Column("started_s", sa.Float, nullable=False),
        sa.Column("ended_s", sa.Float, nullable=False),
        sa.UniqueConstraint("rule", "event"),
    )
    op.create_index("fabric_rule_run_person", "fabric_rule_run", ["person", "state"])
