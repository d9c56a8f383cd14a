"""People, what lets them in, and the OpenID Provider's clients."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Rows are counted for ever; SQLite counts only its own kind of integer.
_BIG_KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _people()
    _ways_in()
    _provider()
    _house()


def _people() -> None:
    op.create_table(
        "identity_person",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("name", sa.String(32), nullable=False, unique=True),
        sa.Column("display", sa.String(80), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("scheme", sa.String(10), nullable=False),
        sa.Column("is_administrator", sa.Boolean, nullable=False),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_password",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("hash", sa.String(200), nullable=False),
        sa.Column("set_s", sa.Float, nullable=False),
    )


def _ways_in() -> None:
    op.create_table(
        "identity_session",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("device", sa.String(40), nullable=False),
        sa.Column("proved_s", sa.Float, nullable=False),
        sa.Column("last_used_s", sa.Float, nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    op.create_index("identity_session_person", "identity_session", ["person"])
    op.create_table(
        "identity_passkey",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("last_used_s", sa.Float),
    )
    op.create_index("identity_passkey_person", "identity_passkey", ["person"])
    op.create_table(
        "identity_link",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_spent",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("until_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_token",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("last_used_s", sa.Float),
        sa.Column("expires_s", sa.Float),
    )
    op.create_index("identity_token_person", "identity_token", ["person"])


def _provider() -> None:
    op.create_table(
        "identity_client",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("redirect_uris", sa.Text, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_consent",
        sa.Column("person", sa.String(26), primary_key=True),
        sa.Column("client", sa.String(26), primary_key=True),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("given_s", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_code",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("client", sa.String(26), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("redirect_uri", sa.String(500), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.String(43), nullable=False),
        sa.Column("auth_time_s", sa.Float, nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
        sa.Column("is_used", sa.Boolean, nullable=False),
    )
    op.create_table(
        "identity_access",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("client", sa.String(26), nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    op.create_index("identity_access_code", "identity_access", ["code_hash"])
    op.create_table(
        "identity_signing_key",
        sa.Column("kid", sa.String(43), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
    )


def _house() -> None:
    op.create_table(
        "identity_outbox",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identity_audit",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("by_app", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
