"""Tables `identity_*`. Secrets are kept as SHA-256, passwords as argon2id, keys sealed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
    true,
)

from synfonium.kernel.audit import audit_table
from synfonium.kernel.mail import mail_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox = outbox_table("identity", metadata)
audit = audit_table("identity", metadata)
mail = mail_table("identity", metadata)

_UNTIL_ERASED = "until the account is erased"
_SERVICE_ID = f"whose it is; to let its owner in; {_UNTIL_ERASED}"

people = Table(
    "identity_person",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("display", String(80), nullable=False),
    Column("locale", String(10), nullable=False),
    Column("scheme", String(10), nullable=False),
    Column("is_administrator", Boolean, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("created_s", Float, nullable=False),
    info={
        "personal": {
            "id": f"pseudonym; to tie a person's things together; {_UNTIL_ERASED}",
            "name": f"name chosen to sign in with; to sign in and be found by others here; {_UNTIL_ERASED}",
            "display": f"how the person wants to be called; shown to others here; {_UNTIL_ERASED}",
            "locale": f"language; to speak it; {_UNTIL_ERASED}",
            "scheme": f"light or dark; to look as chosen; {_UNTIL_ERASED}",
        },
        "owner": "id",
    },
)

passwords = Table(
    "identity_password",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("hash", String(200), nullable=False),
    Column("set_s", Float, nullable=False),
    info={
        "personal": {
            "person": _SERVICE_ID,
            "hash": "argon2id of the password; to check it; until the password is changed or removed",
        },
        "owner": "person",
        "secrets": ("hash",),
    },
)

sessions = Table(
    "identity_session",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("method", String(10), nullable=False),
    Column("device", String(40), nullable=False),
    Column("label", String(60), nullable=False, server_default=text("''")),
    Column("proved_s", Float, nullable=False),
    Column("last_used_s", Float, nullable=False),
    Column("expires_s", Float, nullable=False),
    Index("identity_session_person", "person"),
    info={
        "personal": {
            "person": _SERVICE_ID,
            "device": "browser and system in two words; so that a person knows their devices again; 90 days",
            "label": "what the person calls the device; to know it again; until the session ends",
            "last_used_s": "time of use to a few minutes; so that a person sees strangers; 90 days",
        },
        "owner": "person",
        "secrets": ("hash",),
        "ends": ("expires_s", 0.0),
    },
)

passkeys = Table(
    "identity_passkey",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", String(60), nullable=False),
    Column("created_s", Float, nullable=False),
    Column("last_used_s", Float),
    Index("identity_passkey_person", "person"),
    info={
        "personal": {
            "person": _SERVICE_ID,
            "credential_id": "identifier of the passkey; to check it; until the passkey is removed",
            "label": "what the person calls it; to know it again; until the passkey is removed",
            "last_used_s": "time of last use; so that a person sees strangers; until the passkey is removed",
        },
        "owner": "person",
        "secrets": ("public_key",),
    },
)

links = Table(
    "identity_link",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("person", String(26), nullable=False),
    Column("expires_s", Float, nullable=False),
    info={
        "personal": {"person": "whom the link lets in; to let them in; until used or expired"},
        "owner": "person",
        "secrets": ("hash",),
        "ends": ("expires_s", 0.0),
    },
)

spent = Table(
    "identity_spent",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("until_s", Float, nullable=False),
    info={
        "personal": {},
        "ends": ("until_s", 0.0),
    },
)

tokens = Table(
    "identity_token",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", String(60), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("administers", Boolean, nullable=False, server_default=true()),
    Column("created_s", Float, nullable=False),
    Column("last_used_s", Float),
    Column("expires_s", Float),
    Index("identity_token_person", "person"),
    info={
        "personal": {
            "person": _SERVICE_ID,
            "label": "what the person calls it; to know it again; until the token is revoked",
            "last_used_s": "time of use to a few minutes; so that a person sees strangers; until revoked",
        },
        "owner": "person",
        "secrets": ("hash",),
    },
)

consents = Table(
    "identity_consent",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("client", String(26), primary_key=True),
    Column("scopes", Text, nullable=False),
    Column("given_s", Float, nullable=False),
    info={
        "personal": {
            "person": "who agreed; so that the site may be told who they are; until taken back",
            "client": "the site agreed to; the same; until taken back",
        },
        "owner": "person",
    },
)

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
