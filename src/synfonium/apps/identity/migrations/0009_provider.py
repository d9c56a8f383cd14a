"""The whole OpenID Provider: one table for all that is given out, and clients with their metadata."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _clients()
    for table in ("identity_code", "identity_access"):  # an hour's worth at most: sites ask anew
        op.drop_table(table)
    op.create_table(
        "identity_issued",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("family", sa.String(64), nullable=False),
        sa.Column("client", sa.String(26), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("session", sa.String(26), nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
        sa.Column("is_used", sa.Boolean, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("identity_issued_family", "identity_issued", ["family"])
    op.create_index("identity_issued_person", "identity_issued", ["person"])
    op.create_index("identity_issued_kind", "identity_issued", ["kind", "session"])
    _keys()


def _clients() -> None:
    """Each client keeps its id, its secret and its addresses."""
    connection = op.get_bind()
    old = sa.table(
        "identity_client", *map(sa.column, ("id", "name", "secret_hash", "redirect_uris", "created_s"))
    )
    rows = connection.execute(sa.select(old)).all()
    op.drop_table("identity_client")
    new = op.create_table(
        "identity_client",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("owner", sa.String(26), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("registration_hash", sa.String(64), nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
    )
    op.create_index("identity_client_owner", "identity_client", ["owner"])
    for row in rows:
        connection.execute(sa.insert(new).values(**_kept(row)))


def _kept(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    metadata = {
        "client_name": row.name,
        "redirect_uris": json.loads(row.redirect_uris),
        "token_endpoint_auth_method": "client_secret_basic" if row.secret_hash else "none",
        "grant_types": ["authorization_code", "refresh_token"],
    }
    return {
        "id": row.id,
        "name": row.name,
        "owner": "",
        "secret_hash": row.secret_hash,
        "registration_hash": "",
        "created_s": row.created_s,
        "is_open": False,
        "metadata": json.dumps(metadata),
    }


def _keys() -> None:
    op.add_column(
        "identity_signing_key",
        sa.Column("algorithm", sa.String(10), nullable=False, server_default="ES256"),
    )
    op.add_column(
        "identity_signing_key", sa.Column("signs_from_s", sa.Float, nullable=False, server_default="0")
    )
