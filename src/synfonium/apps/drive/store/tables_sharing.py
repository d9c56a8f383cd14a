"""The tables of sharing (docs/decisions/0041-sharing.md)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from synfonium.apps.drive.store.tables import metadata
from synfonium.kernel.mail import mail_table

shares = Table(
    "drive_share",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),
    Column("space", String(26), nullable=False, index=True),
    Column("node", String(26), nullable=False),
    Column("by", String(26), nullable=False, index=True),
    Column("to_kind", String(12), nullable=False),
    Column("to", String(26), nullable=False),
    Column("to_name", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("may_share", Boolean, nullable=False),
    Column("until_s", Float, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_s", Float, nullable=False),
    UniqueConstraint("node", "to_kind", "to", name="drive_share_once"),
    Index("drive_share_to", "to", "to_kind"),
    info={
        "personal": {
            "by": "id of who shared it; shown to both; until it is taken back",
            "to": "id of whom it is shared with; lets them in; until it is taken back",
            "to_name": "what they were called then; shown to who shared it; until it is taken back",
            "note": "what was written to them; shown to both; until it is taken back",
        },
        "owner": ("space", "drive_space.id"),
        "mentions": ("by", "to"),
    },
)

mounts = Table(
    "drive_mount",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("node", String(26), primary_key=True),
    Column("parent", String(26)),
    Column("name", Text, nullable=False),
    Column("is_left", Boolean, nullable=False),
    info={
        "personal": {
            "person": "id of who received it; where it stands in their drive; until they are gone",
            "name": "what they call it; shown to them; until they are gone",
        },
        "owner": "person",
    },
)

links = Table(
    "drive_link",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),
    Column("space", String(26), nullable=False, index=True),
    Column("node", String(26), nullable=False, index=True),
    Column("by", String(26), nullable=False, index=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("until_s", Float, nullable=False),
    Column("most_downloads", Integer, nullable=False),
    Column("downloads", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("blocked_s", Float, nullable=False),
    info={
        "personal": {
            "by": "id of who made it; shown to whose file it is; until it is taken back",
            "label": "what they call it; shown to them; until it is taken back",
            "note": "what is written on its page; shown to whoever has the link; until it is taken back",
        },
        "owner": ("space", "drive_space.id"),
        "mentions": ("by",),
    },
)

sent = Table(
    "drive_link_sent",
    metadata,
    Column("node", String(26), primary_key=True),
    Column("link", String(26), nullable=False, index=True),
    Column("sender", LargeBinary, nullable=False),
    info={"personal": {}, "owner": ("link", "drive_link.id")},
)

group_folders = Table(
    "drive_group_folder",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("organisation", String(26), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("made_by", String(26), nullable=False),
    Column("made_s", Float, nullable=False),
    Column("removed_s", Float, nullable=False),
    info={
        "personal": {"made_by": "id of who made it; shown to its managers; until it is removed"},
        "kept": "what belongs to a group outlives whoever made it; their id goes",
        "mentions": ("made_by",),
    },
)

reports = Table(
    "drive_report",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("link", String(26), nullable=False, index=True),
    Column("by", String(26), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("statement", Text, nullable=False),
    Column("decided_by", String(26), nullable=False),
    Column("decided_s", Float),
    Column("locale", String(8), nullable=False),
    Column("objection", Text, nullable=False),
    Column("objected_s", Float, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_s", Float, nullable=False),
    Index("drive_report_state", "state", "made_s"),
    info={
        "personal": {
            "by": "id of whose link it is; tells them of the decision; until their account is erased",
            "text": "what somebody wrote about it; shown to the operator; 180 days after it is decided",
            "contact": "address of who wrote it; told of the decision; 180 days after it is decided",
            "locale": "language of who wrote it; of the letters to them; 180 days after it is decided",
            "objection": "what was written against it; shown to the operator; 180 days after it is decided",
        },
        "kept": "what the operator decided must be shown to whoever asks (DSA, articles 16 and 17)",
        "mentions": ("by", "decided_by"),
        "ends": ("decided_s", 180 * 86400.0),
    },
)

mail = mail_table("drive", metadata)

hand_overs = Table(
    "drive_hand_over",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, unique=True),
    Column("to", String(26), nullable=False),
    Column("asked_by", String(26), nullable=False),
    Column("into", String(26), nullable=False),
    Column("state", String(10), nullable=False),
    Column("why", String(60), nullable=False),
    Column("moved", Integer, nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    info={
        "personal": {
            "person": "id of whose drive is handed over; shown to them; until the account is erased",
            "to": "id of who receives it; shown to who gives; until the account is erased",
            "asked_by": "id of who asked for it; so that it stands somewhere; until the account is erased",
        },
        "owner": "person",
        "mentions": ("to", "asked_by"),
    },
)
