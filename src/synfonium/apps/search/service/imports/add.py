"""Adds files and folders to the public index."""

import asyncio
import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection

from synfonium.apps.search import store
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import FILE_TYPES, ImportReport, ReadPage
from synfonium.apps.search.service import graph
from synfonium.apps.search.service.duplicates import digest_of, row_of, worse_twins
from synfonium.apps.search.service.imports.archives import read_archive
from synfonium.apps.search.service.imports.ciff import read_ciff
from synfonium.apps.search.service.imports.lines import document_of, read_lines
from synfonium.apps.search.service.imports.parquet import read_parquet
from synfonium.apps.search.service.imports.records import Archived, Left, Record
from synfonium.apps.search.service.parsers import Parsers
from synfonium.apps.search.service.parsing import Unparsable
from synfonium.apps.search.service.reading import header_rules
from synfonium.apps.search.store import PageRow
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.ports.index import IndexDocument, SearchIndex

_AT_ONCE = 200
_MOST_FILES = 10_000
_ARCHIVES = tuple(f".{kind}{packed}" for kind in ("warc", "wet") for packed in ("", ".gz", ".zst", ".lz4"))
_KINDS = (".jsonl", ".parquet", ".ciff", ".ciff.gz", *_ARCHIVES)


class Imports:
    """Adds files to the public index; the same file again changes nothing."""

    def __init__(self, context: Context, index: SearchIndex) -> None:
        self._context, self._index = context, index

    async def add(self, path: Path, progress: Progress) -> ImportReport:
        """A file, or all files of known kinds in a folder. Raises NotReadable for a missing file,
        another kind, or nothing but damage; NeedsBulk for parquet where its reader is missing."""
        try:
            files = await asyncio.to_thread(_files, path)
            tally = _Tally()
            for file in files:
                await self._add_file(file, tally, progress)
        except OSError as failure:
            raise NotReadable(name=path.name) from failure
        if not files or (tally.broken and not (tally.indexed or tally.skipped)):
            raise NotReadable(name=path.name)
        return tally.report()

    async def _add_file(self, path: Path, tally: "_Tally", progress: Progress) -> None:
        size_bytes, parsers = path.stat().st_size, Parsers()
        try:
            with path.open("rb") as source:
                records = _records(path, source)
                while some := await asyncio.to_thread(lambda: list(islice(records, _AT_ONCE))):
                    read = await asyncio.gather(*(self._read(record, parsers) for record in some))
                    await self._write(tally, read)
                    await progress(tally.words(), source.tell(), size_bytes)
        finally:
            await parsers.close()

    async def _read(self, record: Record, parsers: Parsers) -> ReadPage | IndexDocument | Left:
        if not isinstance(record, Archived):
            return record
        try:
            extract = await parsers.parse(record.job)
        except Unparsable:
            return Left.BROKEN
        if extract.is_hidden or header_rules(record.robots_tag) & {"noindex", "none"}:
            return Left.SKIPPED
        file_type = FILE_TYPES.get(record.job.media_type, "")
        now_s = self._context.clock.now_s()
        return ReadPage(url=record.job.url, extract=extract, read_s=now_s, file_type=file_type)

    async def _write(self, tally: "_Tally", read: list[ReadPage | IndexDocument | Left]) -> None:
        """The index first, then the rows: a crash in between costs a repetition only."""
        pages = {one.url: one for one in read if isinstance(one, ReadPage)}
        plain = [one for one in read if isinstance(one, IndexDocument)]
        rows = [row_of(page) for page in pages.values()]
        twins = await self._context.database.read(lambda c: worse_twins(c, rows))
        added = [page for url, page in pages.items() if url not in twins]
        documents = await self._context.database.read(lambda c: graph.documents_for(c, added))
        urls = [page.url for page in added]
        await asyncio.to_thread(graph.write_index, self._index, [*documents, *plain], urls, list(twins))
        await self._context.database.write(lambda c: self._keep(c, added, plain, twins))
        tally.count(read, left_out=len(pages) - len(added))

    def _keep(
        self, connection: Connection, added: list[ReadPage], plain: list[IndexDocument], gone: set[str]
    ) -> None:
        now_s = self._context.clock.now_s()
        others = [
            PageRow(url=d.key, host=d.host, lang=d.lang, digest=digest_of(d.key, d.text), read_s=now_s)
            for d in plain
        ]
        store.put_pages(connection, [*map(row_of, added), *others])
        store.remove_pages(connection, gone)
        graph.forget(connection, list(gone))
        graph.remember(connection, added)


class _Tally:
    def __init__(self) -> None:
        self.indexed = self.skipped = self.broken = 0

    def count(self, read: list[ReadPage | IndexDocument | Left], *, left_out: int) -> None:
        broken, skipped = read.count(Left.BROKEN), read.count(Left.SKIPPED)
        self.broken += broken
        self.skipped += skipped + left_out
        self.indexed += len(read) - broken - skipped - left_out

    def report(self) -> ImportReport:
        return ImportReport(indexed=self.indexed, skipped=self.skipped, broken=self.broken)

    def words(self) -> str:
        return f"{self.indexed} documents indexed"


def _files(path: Path) -> list[Path]:
    """The file, or what can be read in the folder: in order, and no links out of it."""
    if not path.is_dir():
        if not path.name.endswith(_KINDS):
            raise NotReadable(name=path.name)
        return [path]
    found = (file for file in path.rglob("*") if file.name.endswith(_KINDS))
    return sorted(islice((file for file in found if file.is_file() and not file.is_symlink()), _MOST_FILES))


def _records(path: Path, source: BinaryIO) -> Iterator[Record]:
    name = path.name
    if name.endswith(".jsonl"):
        return (_line(line) for line in read_lines(source))
    if name.endswith(".parquet"):
        return read_parquet(path)
    if name.endswith(".ciff"):
        return read_ciff(source)
    if name.endswith(".ciff.gz"):
        return read_ciff(gzip.open(source))  # type: ignore[arg-type]
    return read_archive(source)


def _line(line: bytes | None) -> Record:
    return (document_of(line) if line else None) or Left.BROKEN
