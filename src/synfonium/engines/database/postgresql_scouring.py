"""Makes what was deleted leave the files of a PostgreSQL server.

Its tables, and what it has noted of them: the planner's statistics keep frequent values of
every column, and those of a table that is empty are not gathered anew.
"""

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

__all__ = ["scour"]

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
_NOTED = """
    SELECT s.tablename, a.attname, format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attcollation = k.typcollation THEN ''
           ELSE ' COLLATE ' || a.attcollation::regcollation END
    FROM pg_stats s
    JOIN pg_class t ON t.relname = s.tablename AND t.relnamespace = %s::regnamespace
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = s.attname
    JOIN pg_type k ON k.oid = a.atttypid
    WHERE s.schemaname = %s AND t.reltuples <= 0
"""


def scour(connection: "psycopg.Connection[Any]", schema: str) -> None:
    """connection: in autocommit, with `schema` on its search path. Blocks."""
    for (table,) in connection.execute(_TABLES, (schema,)).fetchall():
        # FULL: into new files, the old ones are deleted.
        connection.execute(SQL("VACUUM (FULL, ANALYZE) {}").format(Identifier(table)))
    for table, column, kind in connection.execute(_NOTED, (schema, schema)).fetchall():
        # A column that is given a type, be it its own, loses what was noted of it.
        statement = SQL("ALTER TABLE {} ALTER COLUMN {} TYPE {}")
        connection.execute(statement.format(Identifier(table), Identifier(column), SQL(kind)))
    # Passed over, with a warning, when the database is another role's.
    connection.execute("VACUUM (FULL) pg_catalog.pg_statistic")
