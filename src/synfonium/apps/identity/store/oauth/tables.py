"""Tables of the OpenID Provider."""

from sqlalchemy import Boolean, Column, Float, Index, LargeBinary, String, Table, Text

from synfonium.apps.identity.store.tables import metadata

clients = Table(
    "identity_client",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("owner", String(26), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("registration_hash", String(64), nullable=False),
    Column("created_s", Float, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("metadata", Text, nullable=False),
    Index("identity_client_owner", "owner"),
    info={
        "personal": {"owner": "who registered the site; to let them change it; until it is removed"},
        "owner": "owner",
    },
)

issued = Table(
    "identity_issued",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("family", String(64), nullable=False),
    Column("client", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("session", String(26), nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("is_used", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("identity_issued_family", "family"),
    Index("identity_issued_person", "person"),
    Index("identity_issued_kind", "kind", "session"),
    info={
        "personal": {
            "person": "who signed in at the site; to tell it; one hour, with offline access one year",
            "client": "the site; the same; the same",
            "session": "the session it came from; to end with it; the same",
            "body": "what the person approved and when; to tell it; the same",
        },
        "owner": "person",
        "secrets": ("hash", "family", "body"),
        # A used code is remembered as long as what it gave, so that a replay takes it back.
        "ends": ("expires_s", 3600.0),
    },
)

signing_keys = Table(
    "identity_signing_key",
    metadata,
    Column("kid", String(43), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_s", Float, nullable=False),
    Column("algorithm", String(10), nullable=False),
    Column("signs_from_s", Float, nullable=False),
    info={"personal": {}},
)
