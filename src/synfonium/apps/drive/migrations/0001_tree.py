"""The tree of files: spaces, nodes, versions, blobs, trash, changes, locks, properties."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _make_tree()
    _make_content()
    _make_trash_and_changes()
    _make_locks_and_properties()
    _make_outbox_and_audit()


def _make_tree() -> None:
    op.create_table(
        "drive_space",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("owner", sa.String(26), nullable=False, unique=True),
        sa.Column("root", sa.String(26), nullable=False),
        sa.Column("trash", sa.String(26), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary, nullable=False),
        sa.Column("quota_bytes", sa.BigInteger),
        sa.Column("created_s", sa.Float, nullable=False),
    )
    op.create_table(
        "drive_node",
        sa.Column("number", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(26), nullable=False, unique=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("parent", sa.String(26)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.LargeBinary, nullable=False),
        sa.Column("name_sort", sa.LargeBinary, nullable=False),
        sa.Column("is_file", sa.Boolean, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("etag", sa.String(26), nullable=False),
        sa.Column("modified_s", sa.Float, nullable=False),
        sa.Column("created_s", sa.Float, nullable=False),
        sa.Column("media_type", sa.String(255), nullable=False),
        sa.Column("version", sa.String(26)),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("parent", "name_key", name="drive_node_place"),
        sqlite_autoincrement=True,
    )
    op.create_index("drive_node_order", "drive_node", ["parent", "is_file", "name_sort", "id"])


def _make_content() -> None:
    op.create_table(
        "drive_file_version",
        sa.Column("id", sa.String(26), primary_key=True),
        sa.Column("node", sa.String(26), nullable=False),
        sa.Column("blob", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("modified_s", sa.Float, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("sha1", sa.LargeBinary),
        sa.Column("author", sa.String(26), nullable=False),
    )
    op.create_index("ix_drive_file_version_node", "drive_file_version", ["node"])
    op.create_table(
        "drive_blob",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("refs", sa.Integer, nullable=False),
        sa.Column("idle_since_s", sa.Float),
    )
    op.create_index("ix_drive_blob_idle_since_s", "drive_blob", ["idle_since_s"])


def _make_trash_and_changes() -> None:
    op.create_table(
        "drive_trash",
        sa.Column("node", sa.String(26), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("parent", sa.String(26), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("trashed_s", sa.Float, nullable=False),
        sa.Column("trashed_by", sa.String(26), nullable=False),
        sa.Column("is_leaving", sa.Boolean, nullable=False),
    )
    op.create_index("drive_trash_order", "drive_trash", ["space", "trashed_s", "node"])
    op.create_table(
        "drive_change",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("node", sa.String(26), nullable=False),
        sa.Column("parent", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("drive_change_order", "drive_change", ["space", "seq"])


def _make_locks_and_properties() -> None:
    op.create_table(
        "drive_lock",
        sa.Column("token", sa.String(100), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("node", sa.String(26), nullable=False),
        sa.Column("is_exclusive", sa.Boolean, nullable=False),
        sa.Column("is_infinite", sa.Boolean, nullable=False),
        sa.Column("owner_xml", sa.Text, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("expires_s", sa.Float, nullable=False),
    )
    op.create_index("ix_drive_lock_space", "drive_lock", ["space"])
    op.create_table(
        "drive_property",
        sa.Column("node", sa.String(26), primary_key=True),
        sa.Column("name", sa.String(500), primary_key=True),
        sa.Column("xml", sa.Text, nullable=False),
    )


def _make_outbox_and_audit() -> None:
    op.create_table(
        "drive_outbox",
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
        "drive_audit",
        sa.Column("seq", _BIG_KEY, primary_key=True, autoincrement=True),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("person", sa.String(26), nullable=False),
        sa.Column("act", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("by_app", sa.String(60), nullable=False),
        sqlite_autoincrement=True,
    )
