"""Rows that may be there already."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """INSERT … ON CONFLICT, in the words of the connection's database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
