"""Which blobs an app's tables name."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from synfonium.apps.operations.service.names import Names
from synfonium.kernel.app import App
from synfonium.ports.database import Database

_AT_ONCE = 1000


def named_by(database: Database, column: str, *, unless: str = "") -> Iterator[list[str]]:
    """Distinct values of `table.column`, a thousand at a time. unless: a table by whose `name` one is
    left out."""
    table, _, name = column.partition(".")
    left = f"AND NOT EXISTS (SELECT 1 FROM {unless} AS held WHERE held.name = {table}.{name})"
    asked = text(
        f"SELECT DISTINCT {name} FROM {table} WHERE {name} > :after {left if unless else ''}"
        f" ORDER BY {name} LIMIT {_AT_ONCE}"
    )
    after = ""
    while True:

        def read(connection: Connection, after: str = after) -> list[str]:
            return [str(row[0]) for row in connection.execute(asked, {"after": after})]

        names = database.submit_read(read).result()
        if not names:
            return
        yield names
        after = names[-1]


def add_referenced(database: Database, app: App, names: Names) -> None:
    """Those that are in the store, not in a row. Blocks."""
    unless = f"{app.name}_small_blob" if app.small_blobs else ""
    for column in app.blob_columns:
        for found in named_by(database, column, unless=unless):
            names.add(found)
