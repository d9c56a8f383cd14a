"""Rows that say who did what to which object; written in the same commit as the deed.

    context.audit.add(connection, person.id, "drive.node.write", "drive:node/…", by_app)

The rows of an app are a chain: each holds the hash of the one before, and its own. Heads of the
chain are signed while the app runs, and kept both beside the table and in a file of the home, so
that what is changed, left out, put in, exchanged or cut off is found, without trusting the
database. docs/decisions/0013-audit-chain.md says how it is laid out.

`table` makes the tables, `chain` knows the hashes, `heads` the signatures, `writer` adds rows,
`keeper` signs and forgets, `book` reads the rows of all apps, `verify` checks without a database,
`export` writes them for other programs (OCSF).
"""

from synfonium.kernel.audit.table import audit_heads_table, audit_table
from synfonium.kernel.audit.writer import Audit

__all__ = ["Audit", "audit_heads_table", "audit_table"]
