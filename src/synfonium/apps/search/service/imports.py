"""Pages from files: JSON lines and web archives (WARC, ISO 28500)."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.model import LONGEST_URL, ImportReport, ParseJob, host_of, normal_url
from synfonium.apps.search.service.documents import PARTS, documents_of
from synfonium.apps.search.service.parsing import Parser, Unparsable
from synfonium.apps.search.service.reading import digest_of, header_rules
from synfonium.apps.search.store import PageRow
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.ports.index import IndexDocument, SearchIndex

LONGEST_LINE_BYTES = 16 << 20
LARGEST_RECORD_BYTES = 4 << 20
_AT_ONCE = 500
T = TypeVar("T")
_MEDIA_TYPES = ("text/html", "application/xhtml+xml", "text/plain")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a .jsonl file; `url`, or else `id`, is the document's address."""

    id: str | int = ""
    url: str = ""
    title: str = ""
    text: str = ""
    lang: str = ""


def document_of(line: bytes) -> IndexDocument | None:
    """The document of one line, or None where it is broken or has no address."""
    try:
        read = msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    url = normal_url(read.url) if read.url else ""
    key = url or str(read.id)
    if url is None or not key or len(key) > LONGEST_URL or not key.isprintable():
        return None
    lang = read.lang if read.lang.isascii() and read.lang.isprintable() else ""
    return IndexDocument(key=key, title=read.title, text=read.text, lang=lang[:20], host=host_of(url))


def read_lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank; None for one that is too long to be read whole."""
    while line := source.readline(LONGEST_LINE_BYTES):
        if not line.endswith(b"\n") and len(line) == LONGEST_LINE_BYTES:
            while len(rest := source.readline(LONGEST_LINE_BYTES)) == LONGEST_LINE_BYTES:
                if rest.endswith(b"\n"):
                    break
            yield None
        elif line.strip():
            yield line


class Imports:
    """Adds files to the public index; the same file again changes nothing."""

    def __init__(self, context: Context, index: SearchIndex) -> None:
        self._context, self._index = context, index

    async def add(self, path: Path, progress: Progress) -> ImportReport:
        """Raises NotReadable for a missing file, another kind, or nothing but damage."""
        name = path.name
        try:
            size_bytes = path.stat().st_size
            if name.endswith(".jsonl"):
                report = await self._add_lines(path, size_bytes, progress)
            elif name.endswith((".warc", ".warc.gz")):
                report = await self._add_archive(path, size_bytes, progress)
            else:
                raise NotReadable(name=name)
        except OSError as failure:
            raise NotReadable(name=name) from failure
        if report.broken and not (report.indexed or report.skipped):
            raise NotReadable(name=name)
        return report

    async def _add_lines(self, path: Path, size_bytes: int, progress: Progress) -> ImportReport:
        tally = _Tally()
        with path.open("rb") as source:
            lines = read_lines(source)
            while some := await asyncio.to_thread(_take, lines, _AT_ONCE):
                documents = [document_of(line) if line else None for line in some]
                await self._write(tally, [d for d in documents if d], documents.count(None))
                await progress(tally.words(), source.tell(), size_bytes)
        return tally.report()

    async def _add_archive(self, path: Path, size_bytes: int, progress: Progress) -> ImportReport:
        tally, parser = _Tally(), Parser()
        try:
            with path.open("rb") as source:
                jobs = read_archive(source)
                while some := await asyncio.to_thread(_take, jobs, 50):
                    await self._write(tally, *await _parse(some, parser, tally, self._context.clock.now_s()))
                    await progress(tally.words(), source.tell(), size_bytes)
        finally:
            await parser.close()
        return tally.report()

    async def _write(self, tally: "_Tally", documents: list[IndexDocument], broken: int) -> None:
        """The index first, then the rows: a crash in between costs a repetition only."""
        now_s = self._context.clock.now_s()
        pages = [document for document in documents if document.kind not in PARTS]
        rows = [
            PageRow(url=d.key, host=d.host, lang=d.lang, digest=digest_of(d.key, d.text), read_s=now_s)
            for d in pages
        ]
        await asyncio.to_thread(self._commit, documents)
        await self._context.database.write(lambda c: store.put_pages(c, rows))
        tally.indexed += len(pages)
        tally.broken += broken

    def _commit(self, documents: list[IndexDocument]) -> None:
        self._index.add(documents)
        self._index.commit()


class _Tally:
    def __init__(self) -> None:
        self.indexed = self.skipped = self.broken = 0

    def report(self) -> ImportReport:
        return ImportReport(indexed=self.indexed, skipped=self.skipped, broken=self.broken)

    def words(self) -> str:
        return f"{self.indexed} documents indexed"


Archived = tuple[ParseJob, str]
"""A page of an archive and the X-Robots-Tag it came with."""


def read_archive(source: BinaryIO) -> Iterator[Archived | None]:
    """The pages among the responses of a WARC file; None for a damaged or too large one."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    try:
        for record in ArchiveIterator(source, record_types=WarcRecordType.response, parse_http=True):
            http, url = (
                record.http_headers,
                normal_url((record.headers.get("WARC-Target-URI") or "").strip("<>")),
            )
            if http is None or url is None or http.status_code != 200:
                continue
            media_type, charset = record.http_content_type or "text/html", record.http_charset or ""
            if media_type not in _MEDIA_TYPES:
                continue
            body = record.reader.read(LARGEST_RECORD_BYTES + 1)
            if len(body) > LARGEST_RECORD_BYTES:
                yield None
                continue
            job = ParseJob(url=url, body=body, charset=charset, media_type=media_type)
            yield job, (http.get("X-Robots-Tag") or "").lower()
    except (OSError, ValueError, UnicodeDecodeError):
        yield None


async def _parse(
    some: list[Archived | None], parser: Parser, tally: _Tally, now_s: float
) -> tuple[list[IndexDocument], int]:
    documents, broken = [], 0
    for archived in some:
        if archived is None:
            broken += 1
            continue
        job, robots_tag = archived
        try:
            extract = await parser.parse(job)
        except Unparsable:
            broken += 1
            continue
        if extract.is_hidden or header_rules(robots_tag) & {"noindex", "none"}:
            tally.skipped += 1
        else:
            documents += documents_of(job.url, extract, read_s=now_s)
    return documents, broken


def _take(source: Iterator[T], limit: int) -> list[T]:
    return list(islice(source, limit))
