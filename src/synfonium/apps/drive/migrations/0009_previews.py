"""Pictures of contents, and which files are photos."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "drive_preview",
        sa.Column("blob", sa.String(200), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("maker", sa.String(100), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("made_s", sa.Float, nullable=False),
        sa.Column("taken_s", sa.Float),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )
    op.create_table(
        "drive_preview_picture",
        sa.Column("blob", sa.String(200), primary_key=True),
        sa.Column("size_px", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("picture", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )
    op.create_table(
        "drive_photo",
        sa.Column("node", sa.String(26), primary_key=True),
        sa.Column("space", sa.String(26), nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("is_due", sa.Boolean, nullable=False),
    )
    op.create_index("drive_photo_order", "drive_photo", ["space", "time_s", "node"])
    op.create_index(
        "drive_photo_due",
        "drive_photo",
        ["node"],
        sqlite_where=sa.text("is_due = 1"),
        postgresql_where=sa.text("is_due"),
    )
    nodes = sa.table(
        "drive_node",
        *(sa.column(name) for name in ("id", "space", "modified_s", "is_file", "media_type")),
    )
    kinds = sa.or_(nodes.c.media_type.like("image/%"), nodes.c.media_type.like("video/%"))
    known = sa.select(nodes.c.id, nodes.c.space, nodes.c.modified_s, sa.true()).where(kinds)
    photos = sa.table("drive_photo", *(sa.column(name) for name in ("node", "space", "time_s", "is_due")))
    op.execute(photos.insert().from_select(["node", "space", "time_s", "is_due"], known))
