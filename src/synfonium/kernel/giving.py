"""Gives out what one app has of a person: the rows of its tables and what its part adds.

Offered for every app in every process (`context.offers(Giver)`): to give is only to read.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.personal import Archive
from synfonium.kernel.personal_commands import part_of
from synfonium.kernel.personal_tables import rows_of, schema_of, tables_of

__all__ = ["Giver", "SpoolingArchive"]


class SpoolingArchive(Archive, Protocol):
    """An archive that can also set rows aside while a database's snapshot is open."""

    def spooled(self, rows: Iterable[Mapping[str, Any]]) -> Any:
        """The rows, waiting outside of memory; None for none. Blocks."""
        ...

    async def add(self, name: str, spool: Any, schema: Mapping[str, Any]) -> None: ...


class Giver:
    """See above."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.app = context.app.name

    async def size_bytes(self, person: PersonId) -> int:
        """About how much there is besides rows."""
        return await part_of(self._context).size_bytes(person)

    async def give(self, person: PersonId, archive: SpoolingArchive) -> None:
        tables, part = tables_of(self._context.app), part_of(self._context)
        seen: Any = None
        if tables:

            def work(connection: Connection) -> tuple[dict[str, Any], Any]:
                # One snapshot: rows and what the part will add belong together.
                spools = {
                    t.name: archive.spooled(rows_of(connection, t, tables, person)) for t in tables.values()
                }
                return spools, part.look(connection, person)

            spools, seen = await self._context.database.read(work)
            for name, spool in spools.items():
                if spool is not None:
                    await archive.add(name, spool, schema_of(tables[name]))
        await part.export(person, seen, archive)
