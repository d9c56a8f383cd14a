"""Organisations and families, groups, invitations, directories."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _organisations()
    _groups()
    _links()
    op.create_table(
        "identity_hold",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("reason", sa.String(14), primary_key=True),
    )
    op.execute(
        "INSERT INTO identity_hold (person, reason) "
        "SELECT id, 'installation' FROM identity_person WHERE is_suspended"
    )


def _organisations() -> None:
    op.create_table(
        "identity_organisation",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("slug", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("skeleton", sa.String(400), nullable=False, unique=True),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("total_bytes", sa.BigInteger),
        sa.Column("each_bytes", sa.BigInteger),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_member",
        sa.Column("organisation", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("role", sa.String(14), nullable=False),
        sa.Column("is_managed", sa.Boolean, nullable=False),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("user_key", sa.String(400), nullable=False),
        sa.Column("external_id", sa.String(400)),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("quota_bytes", sa.BigInteger),
        sa.Column("invitation", sa.String(26), nullable=False),
        sa.Column("joined_s", sa.Float, nullable=False),
        sa.Column("changed_s", sa.Float, nullable=False),
        sa.UniqueConstraint("organisation", "user_key"),
    )
    op.create_index("identity_member_person", "identity_member", ["person"])
    op.create_index("identity_member_external", "identity_member", ["organisation", "external_id"])


def _groups() -> None:
    op.create_table(
        "identity_group",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("organisation", sa.String(26), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("skeleton", sa.String(400), nullable=False),
        sa.Column("external_id", sa.String(400)),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("changed_s", sa.Float, nullable=False),
        sa.UniqueConstraint("organisation", "skeleton"),
    )
    op.create_table(
        "identity_group_member",
        sa.Column("group", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("organisation", sa.String(26), nullable=False),
    )
    op.create_index("identity_group_member_person", "identity_group_member", ["person"])


def _links() -> None:
    op.create_table(
        "identity_invitation",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("organisation", sa.String(26), nullable=False),
        sa.Column("role", sa.String(14), nullable=False),
        sa.Column("groups", sa.Text, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
        sa.Column("uses_most", sa.Integer, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("created_by", sa.String(26), nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
        sa.Column("is_revoked", sa.Boolean, nullable=False),
    )
    op.create_index("identity_invitation_organisation", "identity_invitation", ["organisation"])
    op.create_table(
        "identity_arrival",
        sa.Column("invitation", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("time_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_scim_token",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("organisation", sa.String(26), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("last_used_s", sa.Float),
    )
    op.create_index("identity_scim_token_organisation", "identity_scim_token", ["organisation"])
