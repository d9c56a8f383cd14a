"""Tables of organisations, their groups, invitations and directories."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from synfonium.apps.identity.store.tables import metadata

_WHILE_MEMBER = "until the person leaves the organisation"

organisations = Table(
    "identity_organisation",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("slug", String(32), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),
    Column("name", String(80), nullable=False),
    Column("skeleton", String(400), nullable=False, unique=True),
    Column("is_suspended", Boolean, nullable=False),
    Column("total_bytes", BigInteger),
    Column("each_bytes", BigInteger),
    Column("created_s", Float, nullable=False),
    info={"personal": {}},
)

members = Table(
    "identity_member",
    metadata,
    Column("organisation", String(26), primary_key=True),
    Column("person", String(26), primary_key=True),
    Column("role", String(14), nullable=False),
    Column("is_managed", Boolean, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("user_name", String(200), nullable=False),
    Column("user_key", String(400), nullable=False),
    Column("external_id", String(400)),
    Column("attributes", Text, nullable=False),
    Column("quota_bytes", BigInteger),
    Column("invitation", String(26), nullable=False),
    Column("joined_s", Float, nullable=False),
    Column("changed_s", Float, nullable=False),
    UniqueConstraint("organisation", "user_key"),
    Index("identity_member_person", "person"),
    Index("identity_member_external", "organisation", "external_id"),
    info={
        "personal": {
            "person": f"who is a member; to let them in and share with them; {_WHILE_MEMBER}",
            "role": f"what they may do there; to let them; {_WHILE_MEMBER}",
            "user_name": f"what the organisation's directory calls them; to keep in step; {_WHILE_MEMBER}",
            "user_key": f"the same in one spelling; to find it; {_WHILE_MEMBER}",
            "external_id": f"their number in the directory; to keep in step; {_WHILE_MEMBER}",
            "attributes": f"name and addresses in the directory; to keep in step; {_WHILE_MEMBER}",
            "quota_bytes": f"room that is theirs; to share it out; {_WHILE_MEMBER}",
            "invitation": f"the link they came by; so that one can see who did; {_WHILE_MEMBER}",
            "joined_s": f"since when; to show it; {_WHILE_MEMBER}",
        },
        "owner": "person",
    },
)

groups = Table(
    "identity_group",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("organisation", String(26), nullable=False),
    Column("name", String(80), nullable=False),
    Column("skeleton", String(400), nullable=False),
    Column("external_id", String(400)),
    Column("created_s", Float, nullable=False),
    Column("changed_s", Float, nullable=False),
    UniqueConstraint("organisation", "skeleton"),
    info={"personal": {}},
)

group_members = Table(
    "identity_group_member",
    metadata,
    Column("group", String(26), primary_key=True),
    Column("person", String(26), primary_key=True),
    Column("organisation", String(26), nullable=False),
    Index("identity_group_member_person", "person"),
    info={
        "personal": {
            "person": "who is in the group; to share with the group; until taken out of it",
            "group": "which group; the same; the same",
        },
        "owner": "person",
    },
)

holds = Table(
    "identity_hold",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("reason", String(14), primary_key=True),
    info={
        "personal": {
            "person": "whose account is closed; to keep it closed; until it is opened again",
            "reason": "who closed it; so that only they open it; the same",
        },
        "owner": "person",
    },
)

invitations = Table(
    "identity_invitation",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("organisation", String(26), nullable=False),
    Column("role", String(14), nullable=False),
    Column("groups", Text, nullable=False),
    Column("email", String(254), nullable=False),
    Column("uses", Integer, nullable=False),
    Column("uses_most", Integer, nullable=False),
    Column("created_s", Float, nullable=False),
    Column("created_by", String(26), nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("is_revoked", Boolean, nullable=False),
    Index("identity_invitation_organisation", "organisation"),
    info={
        "personal": {
            "email": "address of the guest; to send the link and know it again; 30 days after its end",
            "created_by": "who invited; so that members may see; 30 days after its end",
        },
        "owner": "created_by",
        "swept": "synfonium.apps.identity.store.invitations:forget_ended",
    },
)

arrivals = Table(
    "identity_arrival",
    metadata,
    Column("invitation", String(26), primary_key=True),
    Column("person", String(26), primary_key=True),
    Column("time_s", Float, nullable=False),
    info={
        "personal": {"person": "who came by the link; so that its maker can see; 30 days after its end"},
        "owner": "person",
        "swept": "synfonium.apps.identity.store.invitations:forget_ended",
    },
)

scim_tokens = Table(
    "identity_scim_token",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("organisation", String(26), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("label", String(60), nullable=False),
    Column("created_s", Float, nullable=False),
    Column("last_used_s", Float),
    Index("identity_scim_token_organisation", "organisation"),
    info={"personal": {}},
)
