"""Versions that are not the node's own stay: since when, whose, and under which words."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_OLD = sa.text("replaced_s IS NOT NULL")


def upgrade() -> None:
    op.add_column("drive_file_version", sa.Column("space", sa.String(26), nullable=False, server_default=""))
    op.add_column("drive_file_version", sa.Column("replaced_s", sa.Float))
    op.add_column("drive_file_version", sa.Column("label", sa.String(200)))
    op.execute(
        "UPDATE drive_file_version SET space = COALESCE("
        "(SELECT space FROM drive_node WHERE drive_node.id = drive_file_version.node), '')"
    )
    op.create_index(
        "drive_file_version_old",
        "drive_file_version",
        ["space", "replaced_s"],
        sqlite_where=_OLD,
        postgresql_where=_OLD,
    )
