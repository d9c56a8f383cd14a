"""Small blobs as rows of their app's database: one commit makes content and what tells of it
durable together, where a file costs three syncs of its own. Larger ones go to the store.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import lru_cache, partial
from types import TracebackType

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Float,
    Insert,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from synfonium.kernel.app import App
from synfonium.ports.blobs import BlobReader, BlobStore, BlobWriter, is_blob_name
from synfonium.ports.clock import Clock, SystemClock
from synfonium.ports.database import Database

__all__ = ["LARGEST_BYTES", "SmallBlob", "SmallBlobs", "add_small", "blobs_of", "small_blobs_table"]

LARGEST_BYTES = 16 * 1024
"""Of a blob in a row, as it is stored. PostgreSQL keeps larger ones in another file anyway, and
a database full of them would be slow to copy."""
_AT_ONCE = 1000


class SmallBlob(msgspec.Struct, frozen=True):
    """Sealed bytes and their name."""

    name: str
    sealed: bytes


def small_blobs_table(app: str, metadata: MetaData, **info: object) -> Table:
    """The table `<app>_small_blob`, made by a migration of an app that says `small_blobs`.
    info: whose rows they are, as every table says it."""
    return Table(
        f"{app}_small_blob",
        metadata,
        Column("name", String(200), primary_key=True),
        Column("sealed", LargeBinary, nullable=False),
        Column("made_s", Float, nullable=False),
        info={"personal": {}, **info},
        keep_existing=True,
    )


def add_small(connection: Connection, table: Table, blobs: Sequence[SmallBlob], now_s: float) -> None:
    """Within the caller's transaction. One that is there keeps its bytes and becomes young."""
    rows = [{"name": blob.name, "sealed": blob.sealed, "made_s": now_s} for blob in blobs]
    if rows:
        connection.execute(_insert(table, connection.dialect.name), rows)


# Built once: it goes with every write of a small file.
@lru_cache(maxsize=16)
def _insert(table: Table, dialect: str) -> Insert:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    young = {"made_s": insert.excluded.made_s}
    statement: Insert = insert.on_conflict_do_update(index_elements=["name"], set_=young)
    return statement


def blobs_of(
    app: App, store: BlobStore, database: Database, clock: Clock | None = None, *, writes_rows: bool = False
) -> BlobStore:
    """All blobs of the app, wherever they are."""
    if not app.small_blobs:
        return store
    return SmallBlobs(app.name, database, store, clock or SystemClock(), writes_rows=writes_rows)


class SmallBlobs:
    """A BlobStore (see the port) of the rows of `app` and, for all else, of `store`.

    writes_rows: whether this process may write the app's tables; where not, all goes to the store.
    """

    def __init__(
        self, app: str, database: Database, store: BlobStore, clock: Clock, *, writes_rows: bool = True
    ) -> None:
        self.table = small_blobs_table(app, MetaData())
        self._database, self._store, self._clock = database, store, clock
        self._writes_rows = writes_rows
        self._columns = self.table.c
        self._has_table = False
        self._by_name = select(self._columns.sealed).where(self._columns.name == bindparam("name"))

    async def writer(self) -> BlobWriter:
        return _Writer(self) if self._writes_rows else await self._store.writer()

    async def large_writer(self) -> BlobWriter:
        return await self._store.writer()

    def need_room(self, size_bytes: int) -> None:
        self._store.need_room(size_bytes)

    async def commit_small(self, blob: SmallBlob) -> None:
        if not is_blob_name(blob.name):
            raise ValueError("not the name of a blob")
        self.need_room(len(blob.sealed))
        now_s = self._clock.now_s()
        await self._database.write(lambda c: add_small(c, self.table, [blob], now_s))

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        small = await self._database.read(lambda c: self._find(c, name))
        if small is not None:
            if piece := small[start:stop]:
                yield piece
            return
        pieces = self._store.read(name, start, stop)
        try:
            async for piece in pieces:
                yield piece
        finally:
            await pieces.aclose()

    def open(self, name: str) -> BlobReader:
        small = self._database.submit_read(lambda c: self._find(c, name)).result()
        return self._store.open(name) if small is None else _Reader(small)

    async def size_bytes(self, name: str) -> int:
        small = await self._database.read(lambda c: self._find(c, name))
        return await self._store.size_bytes(name) if small is None else len(small)

    async def delete(self, name: str) -> None:
        if self._writes_rows:
            gone = self.table.delete().where(self._columns.name == name)
            await self._database.write(lambda c: c.execute(gone).close())
        await self._store.delete(name)

    async def names(self, prefix: str = "", *, older_than_s: float = 0) -> AsyncIterator[str]:
        before_s, after = self._clock.now_s() - older_than_s, ""
        while names := await self._database.read(partial(self._page, prefix, after, before_s)):
            for name in names:
                yield name
            after = names[-1]
        async for name in self._store.names(prefix, older_than_s=older_than_s):
            yield name

    async def sweep_unfinished(self, older_than_s: float) -> int:
        return await self._store.sweep_unfinished(older_than_s)

    def _find(self, connection: Connection, name: str) -> bytes | None:
        if not is_blob_name(name):
            raise ValueError("not the name of a blob")
        if not self._is_migrated(connection):
            return None
        found = connection.execute(self._by_name, {"name": name}).scalar()
        return None if found is None else bytes(found)

    def _is_migrated(self, connection: Connection) -> bool:
        """Homes of earlier versions are looked at too, before their tables are brought up to date."""
        self._has_table = self._has_table or inspect(connection).has_table(self.table.name)
        return self._has_table

    def _page(self, prefix: str, after: str, before_s: float, connection: Connection) -> list[str]:
        if not self._is_migrated(connection):
            return []
        columns = self._columns
        query = select(columns.name).where(columns.name > after, columns.made_s <= before_s)
        if prefix:
            query = query.where(columns.name.startswith(prefix, autoescape=True))
        return list(connection.execute(query.order_by(columns.name).limit(_AT_ONCE)).scalars())


class _Writer:
    """Keeps what comes as long as it is small; from then on it is the store's writer's."""

    def __init__(self, blobs: SmallBlobs) -> None:
        self._blobs, self._kept = blobs, bytearray()
        self._large: BlobWriter | None = None
        self._is_over = False

    async def __aenter__(self) -> "_Writer":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.abort()

    async def write(self, piece: bytes) -> None:
        self._need_open()
        if self._large is None:
            self._kept += piece
            if len(self._kept) <= LARGEST_BYTES:
                return
            self._large, piece = await self._blobs.large_writer(), bytes(self._kept)
            self._kept.clear()
        await self._large.write(piece)

    async def commit(self, name: str) -> None:
        self._need_open()
        if self._large is not None:
            await self._large.commit(name)
        else:
            await self._blobs.commit_small(SmallBlob(name, bytes(self._kept)))
        self._is_over = True

    def _need_open(self) -> None:
        if self._is_over:
            raise RuntimeError("this writer has ended")

    async def abort(self) -> None:
        self._is_over = True
        self._kept.clear()
        if self._large is not None:
            await self._large.abort()


class _Reader:
    """See the port's BlobReader."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size_bytes = len(content)

    def read_into(self, buffer: memoryview, start: int) -> int:
        piece = self._content[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None: ...
