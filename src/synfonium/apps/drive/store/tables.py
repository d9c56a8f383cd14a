"""The tables, the same on SQLite and PostgreSQL (docs/decisions/0004-drive-tree.md)."""

from sqlalchemy import (
    BigInteger,
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
    UniqueConstraint,
    text,
)

from synfonium.kernel.audit import audit_table
from synfonium.kernel.outbox import outbox_table
from synfonium.kernel.small_blobs import small_blobs_table

metadata = MetaData()
outbox = outbox_table("drive", metadata)
audit = audit_table("drive", metadata)
_BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")

spaces = Table(
    "drive_space",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner", String(26), nullable=False, unique=True),
    Column("root", String(26), nullable=False),
    Column("trash", String(26), nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("quota_bytes", BigInteger),
    Column("created_s", Float, nullable=False),
    info={
        "personal": {"owner": "id of the person; whose files these are; until the account is erased"},
        "owner": "owner",
        "secrets": ("sealed_key",),
    },
)

nodes = Table(
    "drive_node",
    metadata,
    Column("number", _BIG_KEY, primary_key=True, autoincrement=True),
    Column("id", String(26), nullable=False, unique=True),
    Column("space", String(26), nullable=False),
    Column("parent", String(26)),
    Column("name", Text, nullable=False),
    Column("name_key", LargeBinary, nullable=False),
    Column("name_sort", LargeBinary, nullable=False),
    Column("is_file", Boolean, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("etag", String(26), nullable=False),
    Column("modified_s", Float, nullable=False),
    Column("created_s", Float, nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("version", String(26)),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("parent", "name_key", name="drive_node_place"),
    Index("drive_node_order", "parent", "is_file", "name_sort", "id"),
    # One by size was measured and rejected: sizes come in no order, so it costs a new file much more.
    Index("drive_node_by_date", "parent", "is_file", "modified_s", "id"),
    info={
        "personal": {
            "name": "name of a file or folder; shown to its owner; until removed",
            "name_key": "normal form of the name; finds it; until removed",
            "name_sort": "sorting form of the name; orders listings; until removed",
        },
        "owner": ("space", "drive_space.id"),
    },
    sqlite_autoincrement=True,
)

versions = Table(
    "drive_file_version",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("node", String(26), nullable=False, index=True),
    Column("space", String(26), nullable=False),
    Column("blob", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_s", Float, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("sha1", LargeBinary),
    Column("author", String(26), nullable=False),
    # None for the version that counts: nothing of what follows costs a new file anything.
    Column("replaced_s", Float),
    Column("label", String(200)),
    Index(
        "drive_file_version_old",
        "space",
        "replaced_s",
        sqlite_where=text("replaced_s IS NOT NULL"),
        postgresql_where=text("replaced_s IS NOT NULL"),
    ),
    info={
        "personal": {
            "author": "id of who wrote it; shown in its history; until removed",
            "label": "words that its owner gave it; shown in its history; until removed",
        },
        "owner": ("node", "drive_node.id"),
        "mentions": ("author",),
    },
)

blobs = Table(
    "drive_blob",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("refs", Integer, nullable=False),
    Column("idle_since_s", Float, index=True),
    info={
        "personal": {},
        "owner": ("space", "drive_space.id"),
    },
)

damage = Table(
    "drive_damage",
    metadata,
    Column("blob", String(200), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("found_s", Float, nullable=False),
    info={
        "personal": {},
        "owner": ("space", "drive_space.id"),
    },
)

# One row: how far the walk through all blobs has come.
scrubs = Table(
    "drive_scrub",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("after", String(200), nullable=False),
    Column("begun_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    info={"personal": {}},
)

small_blobs = small_blobs_table("drive", metadata, owner=("name", "drive_blob.name"))

# What is known of the pictures of a content, and the pictures, themselves contents of the space.
previews = Table(
    "drive_preview",
    metadata,
    Column("blob", String(200), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("state", String(10), nullable=False),
    Column("maker", String(100), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("taken_s", Float),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    info={
        "personal": {"taken_s": "when a camera took a picture; orders the page of photos; until removed"},
        "owner": ("space", "drive_space.id"),
    },
)

pictures = Table(
    "drive_preview_picture",
    metadata,
    Column("blob", String(200), primary_key=True),
    Column("size_px", Integer, primary_key=True, autoincrement=False),
    Column("picture", String(200), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    info={
        "personal": {},
        "owner": ("blob", "drive_preview.blob"),
    },
)

photos = Table(
    "drive_photo",
    metadata,
    Column("node", String(26), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("time_s", Float, nullable=False),
    Column("is_due", Boolean, nullable=False),
    Index("drive_photo_order", "space", "time_s", "node"),
    Index(
        "drive_photo_due",
        "node",
        sqlite_where=text("is_due = 1"),
        postgresql_where=text("is_due"),
    ),
    info={
        "personal": {"time_s": "when a picture was taken; orders the page of photos; until removed"},
        "owner": ("space", "drive_space.id"),
    },
)

suspects = Table(
    "drive_suspect",
    metadata,
    Column("blob", String(200), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("state", String(10), nullable=False),
    Column("found", String(200), nullable=False),
    Column("found_s", Float, nullable=False),
    info={
        "personal": {},
        "owner": ("space", "drive_space.id"),
    },
)

scan_due = Table(
    "drive_scan_due",
    metadata,
    Column("blob", String(200), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("since_s", Float, nullable=False, index=True),
    info={
        "personal": {},
        "owner": ("space", "drive_space.id"),
    },
)

trash = Table(
    "drive_trash",
    metadata,
    Column("node", String(26), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("parent", String(26), nullable=False),
    Column("place", Text, nullable=False),
    Column("trashed_s", Float, nullable=False),
    Column("trashed_by", String(26), nullable=False),
    Column("is_leaving", Boolean, nullable=False),
    Index("drive_trash_order", "space", "trashed_s", "node"),
    info={
        "personal": {
            "place": "folder it was in; shown to its owner; until restored or removed",
            "trashed_by": "id of who put it here; shown to its owner; until restored or removed",
        },
        "owner": ("space", "drive_space.id"),
        "mentions": ("trashed_by",),
    },
)

changes = Table(
    "drive_change",
    metadata,
    Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
    Column("space", String(26), nullable=False),
    Column("node", String(26), nullable=False),
    Column("parent", String(26), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("time_s", Float, nullable=False),
    # A link's id for whoever came by it; empty for what happened before this was written down.
    Column("person", String(26), nullable=False, server_default=""),
    Index("drive_change_order", "space", "seq"),
    info={
        "personal": {
            "person": "id of who did it; shown to those who see the file; until changes_days are over",
        },
        "owner": ("space", "drive_space.id"),
        "mentions": ("person",),
        "swept": "synfonium.apps.drive.service.sweep:Sweep.once",
    },
    sqlite_autoincrement=True,
)

uploads = Table(
    "drive_upload",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("space", String(26), nullable=False),
    Column("top", String(26), nullable=False),
    Column("door", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("total_bytes", BigInteger),
    Column("note", LargeBinary, nullable=False),
    Column("began_s", Float, nullable=False),
    Column("active_s", Float, nullable=False, index=True),
    Column("held_bytes", BigInteger, nullable=False),
    UniqueConstraint("space", "top", "door", "name", name="drive_upload_name"),
    info={
        "personal": {
            "name": "what a client calls an upload in parts; finds it again; until whole, or a day idle",
            "note": "what a client said of the file to be; kept with it; until whole, or a day idle",
        },
        "owner": ("space", "drive_space.id"),
        "swept": "synfonium.apps.drive.service.uploads:Uploads.sweep",
    },
)

parts = Table(
    "drive_upload_part",
    metadata,
    Column("upload", String(26), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("blob", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("offset_bytes", BigInteger),
    Column("md5", String(32), nullable=False),
    Column("made_s", Float, nullable=False),
    Column("sums", String(400), nullable=False, server_default=""),
    info={
        "personal": {},
        "owner": ("upload", "drive_upload.id"),
    },
)

s3_keys = Table(
    "drive_s3_key",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("label", String(80), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("may_write", Boolean, nullable=False),
    Column("made_s", Float, nullable=False),
    Column("expires_s", Float),
    info={
        "personal": {
            "person": "id of whose key it is; opens their files; until taken back",
            "label": "what its owner calls it; shown to them; until taken back",
        },
        "owner": "person",
        "secrets": ("id", "sealed_secret"),
    },
)

locks = Table(
    "drive_lock",
    metadata,
    Column("token", String(100), primary_key=True),
    Column("space", String(26), nullable=False, index=True),
    Column("node", String(26), nullable=False),
    Column("is_exclusive", Boolean, nullable=False),
    Column("is_infinite", Boolean, nullable=False),
    Column("owner_xml", Text, nullable=False),
    Column("person", String(26), nullable=False),
    Column("expires_s", Float, nullable=False),
    info={
        "personal": {
            "owner_xml": "what the client says of who locks; shown to other clients; until unlocked",
            "person": "id of who locks; only they unlock; until unlocked",
        },
        "owner": ("space", "drive_space.id"),
        "secrets": ("token",),
        "mentions": ("person",),
        "ends": ("expires_s", 0.0),
    },
)

properties = Table(
    "drive_property",
    metadata,
    Column("node", String(26), primary_key=True),
    Column("name", String(500), primary_key=True),
    Column("xml", Text, nullable=False),
    info={
        "personal": {
            "name": "name of a property that a client set; given back to it; until removed",
            "xml": "what a client keeps about a file; given back to it; until removed",
        },
        "owner": ("node", "drive_node.id"),
    },
)

index_due = Table(
    "drive_index_due",
    metadata,
    Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
    Column("node", String(26), nullable=False),
    Column("is_deep", Boolean, nullable=False),
    Column("after", String(26), nullable=False),
    info={"personal": {}},
    sqlite_autoincrement=True,
)
