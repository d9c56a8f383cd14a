"""Tables of notifications."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from synfonium.kernel.audit import audit_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox_table("notifications", metadata)
audit_table("notifications", metadata)

DAY_S = 86_400.0
KEPT_S = 90 * DAY_S

items = Table(
    "notifications_item",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("app", String(30), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("key", String(100), nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("object", String(200), nullable=False),
    Column("url", String(500), nullable=False),
    Column("urgency", String(10), nullable=False),
    Column("count", Integer, nullable=False),
    Column("is_silent", Boolean, nullable=False),
    Column("time_s", Float, nullable=False),
    Column("read_s", Float, nullable=False),
    Index("notifications_item_person", "person", "time_s", "id"),
    Index("notifications_item_unread", "person", "read_s"),
    Index("notifications_item_key", "person", "app", "key"),
    info={
        "personal": {
            "person": "id of who is told; to tell them; 90 days",
            "title": "what happened, as the app says it; to tell them; 90 days",
            "body": "more of what happened; to tell them; 90 days",
            "object": "id of what it is about; to open it; 90 days",
            "url": "where it leads; to open it; 90 days",
        },
        "owner": "person",
        "ends": ("time_s", KEPT_S),
    },
)

choices = Table(
    "notifications_choice",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("from_min", Integer, nullable=False),
    Column("to_min", Integer, nullable=False),
    Column("days", String(20), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("lets_high", Boolean, nullable=False),
    info={
        "personal": {
            "person": "id of whose quiet hours they are; to leave them alone; until the account is erased",
            "zone": "their time zone; to know when it is night; until the account is erased",
        },
        "owner": "person",
    },
)

topics = Table(
    "notifications_topic",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("app", String(30), primary_key=True),
    Column("topic", String(40), primary_key=True),
    Column("title", String(100), nullable=False),
    Column("way", String(10), nullable=False),
    info={
        "personal": {
            "person": "id of who was told of it; so that they can silence it; until the account is erased",
            "way": "how they want to hear of it; to do so; until the account is erased",
        },
        "owner": "person",
    },
)

tallies = Table(
    "notifications_tally",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("app", String(30), primary_key=True),
    Column("day_s", Float, primary_key=True),
    Column("told", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    info={
        "personal": {"person": "id of who was told; so that no app tells too much in a day; 2 days"},
        "owner": "person",
        "ends": ("day_s", 2 * DAY_S),
    },
)

pushes = Table(
    "notifications_push",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("label", String(80), nullable=False),
    Column("locale", String(10), nullable=False),
    Column("session", String(26), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("place", LargeBinary(32), nullable=False),
    Column("created_s", Float, nullable=False),
    Column("succeeded_s", Float, nullable=False),
    Column("alive_s", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("waits_s", Float, nullable=False),
    Index("notifications_push_person", "person"),
    Index("notifications_push_session", "session"),
    Index("notifications_push_place", "place", unique=True),
    info={
        "personal": {
            "person": "id of whose browser it is; to tell them there; until removed, or 60 days unused",
            "label": "kind of browser and system; so that they know it again; as long as the row",
            "session": "id of the session in it; to end with it; as long as the row",
            "sealed": "where its push service is and its keys, sealed; to reach it; as long as the row",
        },
        "owner": "person",
        "secrets": ("place",),
        "ends": ("alive_s", 60 * DAY_S),
    },
)

waiting = Table(
    "notifications_waiting",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("push", String(26), nullable=False),
    Column("item", String(26), nullable=False),
    Column("urgency", String(10), nullable=False),
    Column("is_held", Boolean, nullable=False),
    Column("due_s", Float, nullable=False),
    Column("ends_s", Float, nullable=False),
    Index("notifications_waiting_due", "due_s"),
    Index("notifications_waiting_person", "person"),
    Index("notifications_waiting_push", "push", "item", unique=True),
    info={
        "personal": {"person": "id of who is to be told; to tell them; until told, or 1 day"},
        "owner": "person",
        "ends": ("ends_s", 0.0),
    },
)

vapids = Table(
    "notifications_vapid",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_s", Float, nullable=False),
    info={"personal": {}},
)
