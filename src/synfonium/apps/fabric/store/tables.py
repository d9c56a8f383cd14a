"""What all tables of the fabric share: their metadata, the outbox and the audit."""

from sqlalchemy import MetaData

from synfonium.kernel.audit import audit_table
from synfonium.kernel.outbox import outbox_table

metadata = MetaData()
outbox_table("fabric", metadata)
audit_table("fabric", metadata)

# What is personal in an index of this app, as a table's `info` says it: what; why; until when.
PERSONAL_INDEXES = {
    "mine": "name and text of a person's own things; to find them again; until the thing is gone",
}
