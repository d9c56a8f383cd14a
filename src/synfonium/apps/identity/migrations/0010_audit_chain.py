"""The audit as a chain, with signed heads; what was written before is chained as it is found."""

from alembic import op

from synfonium.kernel.audit.table import add_chain

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    add_chain(op, "identity")
