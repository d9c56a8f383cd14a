"""A folder of any length is read by date without being sorted."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("drive_node_by_date", "drive_node", ["parent", "is_file", "modified_s", "id"])
