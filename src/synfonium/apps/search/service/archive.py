"""Pages kept as they came: WARC records (ISO 28500) in blobs, one gzip member a record, so that each
can be read back alone and the index be made anew without asking any site again."""

import gzip
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from synfonium.apps.search import store
from synfonium.apps.search.service.fetch import Fetched
from synfonium.apps.search.store import ArchivedRow
from synfonium.common.ids import new_id
from synfonium.ports.blobs import BlobStore
from synfonium.ports.clock import Clock
from synfonium.ports.database import Database

_DAY_S = 86400.0


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A page for the archive; `packed` is a whole gzip member. read_s: UTC seconds."""

    url: str
    read_s: float
    packed: bytes


def record_of(answer: Fetched, read_s: float) -> Record:
    """The WARC record of an answer with a page: its body as it was after decoding."""
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {_one_line(answer.content_type)}\r\n".encode()
    http += f"X-Robots-Tag: {_one_line(answer.robots_tag)}\r\n".encode() if answer.robots_tag else b""
    block = http + f"Content-Length: {len(answer.body)}\r\n\r\n".encode() + answer.body
    moment = datetime.fromtimestamp(read_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\nWARC-Date: {moment}\r\n"
        f"WARC-Target-URI: {answer.url}\r\nContent-Type: application/http;msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return Record(url=answer.url, read_s=read_s, packed=gzip.compress(head.encode() + block + b"\r\n\r\n", 6))


def _one_line(value: str) -> str:
    return "".join(letter for letter in value if letter.isprintable())[:200]


class Archive:
    """The archive of this installation. keeps: whether pages that are read go into it."""

    def __init__(self, blobs: BlobStore, database: Database, clock: Clock, *, keeps: bool, days: int) -> None:
        self.keeps, self._days = keeps, days
        self._blobs, self._database, self._clock = blobs, database, clock

    async def write(self, records: Sequence[Record]) -> list[ArchivedRow]:
        """Makes the records durable in a blob of their own; the rows that find them again, which
        the caller writes."""
        if not records:
            return []
        name = f"archive/{new_id(self._clock.now_s()).lower()}"
        rows, start = [], 0
        async with await self._blobs.writer() as writer:
            for record in records:
                await writer.write(record.packed)
                size = len(record.packed)
                rows.append(
                    ArchivedRow(
                        url=record.url, read_s=record.read_s, blob=name, start_byte=start, size_bytes=size
                    )
                )
                start += size
            await writer.commit(name)
        return rows

    async def read(self, url: str) -> bytes | None:
        """The newest record of an address, unpacked, or None."""
        row = await self._database.read(lambda c: store.last_archived(c, url))
        if row is None:
            return None
        end = row.start_byte + row.size_bytes
        return gzip.decompress(b"".join([p async for p in self._blobs.read(row.blob, row.start_byte, end)]))

    async def export(self, path: Path) -> int:
        """Writes all records into one .warc.gz file, the oldest first; its size in bytes."""
        size = 0
        with path.open("xb") as target:
            async for piece in self._pieces():
                size += target.write(piece)
        return size

    async def _pieces(self) -> AsyncIterator[bytes]:
        for name in await self._database.read(store.archived_blobs):
            async for piece in self._blobs.read(name):
                yield piece

    async def forget_old(self) -> int:
        """Removes what is older than the setting says; returns how many blobs that were."""
        before_s = self._clock.now_s() - self._days * _DAY_S
        gone = await self._database.write(lambda c: store.forget_archived(c, before_s))
        for name in gone:
            await self._blobs.delete(name)
        return len(gone)
