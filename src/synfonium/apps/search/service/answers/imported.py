"""What was imported, as the kinds of answers read it, and the imports themselves."""

import asyncio
import re
import zlib
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import ImportReport
from synfonium.apps.search.service.answers.asked import Entry, Rates, folded
from synfonium.apps.search.service.answers.entries_file import read_entries
from synfonium.apps.search.service.answers.rates_file import read_rates
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context

_AT_ONCE = 1000
_MOST_ENTRIES = 6
_LATEST = "9999-12-31"
_EDITION = re.compile(r"^([a-z]{2,3})(?:-extract|wiktionary)")
_LONGEST_TITLE = 80


class Imported:
    """Reads in every role; see `Sources`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rates(self, day: date | None = None) -> Rates | None:
        """Of the file in the settings, or else those that were imported."""
        if path := self._context.config.rates_file:
            return await asyncio.to_thread(_of_file, Path(path), day)
        until = day.isoformat() if day else _LATEST
        row = await self._context.database.read(lambda c: store.rates_until(c, until))
        return msgspec.json.decode(row[1], type=Rates) if row else None

    async def entries(self, name: str, lang: str, *, dictionary: bool) -> list[Entry]:
        bodies = await self._context.database.read(
            lambda c: store.entries_named(c, name, lang, is_dictionary=dictionary, limit=_MOST_ENTRIES)
        )
        return [msgspec.msgpack.decode(zlib.decompress(body), type=Entry) for body in bodies]

    async def infobox(self, typed: str, lang: str) -> Entry | None:
        """What the encyclopedia says of exactly this; nothing for a question that is no title."""
        name = folded(typed)
        if not 2 <= len(name) <= _LONGEST_TITLE:
            return None
        found = await self.entries(name, lang, dictionary=False)
        return found[0] if found else None


class KnowledgeImports:
    """Imports of the operator; only where the database is written."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rates(self, path: Path) -> ImportReport:
        """Raises NotReadable."""
        days = await asyncio.to_thread(
            lambda: [(r.day.isoformat(), msgspec.json.encode(r)) for r in read_rates(path)]
        )
        await self._context.database.write(lambda c: store.put_rates(c, days))
        return ImportReport(indexed=len(days))

    async def encyclopedia(self, path: Path, lang: str, progress: Progress) -> ImportReport:
        """lang: of a dictionary's explanations; by the name of the file when empty. Raises NotReadable."""
        named = _EDITION.match(path.name)
        rows = read_entries(path, lang or (named[1] if named else "en"))
        indexed = broken = 0
        while some := await asyncio.to_thread(lambda: list(islice(rows, _AT_ONCE))):
            good = [row for row in some if row]
            await self._context.database.write(lambda c, good=good: store.put_entries(c, good))  # type: ignore[misc]
            indexed, broken = indexed + len(good), broken + len(some) - len(good)
            await progress(f"{path.name}: {indexed} entries")
        if not indexed:
            raise NotReadable(name=path.name)
        return ImportReport(indexed=indexed, broken=broken)


def _of_file(path: Path, day: date | None) -> Rates | None:
    try:
        changed_ns = path.stat().st_mtime_ns
        every = _all_of_file(path, changed_ns)
    except (OSError, NotReadable):
        return None
    known: Iterator[Rates] = (rates for rates in every if day is None or rates.day <= day)
    return max(known, key=lambda rates: rates.day, default=None)


@lru_cache(maxsize=2)
def _all_of_file(path: Path, _changed_ns: int) -> tuple[Rates, ...]:
    return tuple(read_rates(path))
