"""One archive being written: see kernel.personal.Archive."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import closing
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

from synfonium.apps.yourdata.service.copying import Copier, WriteOut
from synfonium.kernel.personal import Content
from synfonium.libraries.safezip import SafeNames, Spool, ZipStream

T = TypeVar("T")
INLINE_BYTES = 1024 * 1024


async def settled(work: Callable[..., T], *arguments: Any, give_up: Callable[[], None] = lambda: None) -> T:
    """Runs `work` in a thread; a cancelled caller waits for its end, so that no late write
    meets a file that is closed already. give_up: makes that end come soon."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        give_up()
        await asyncio.wait({task})
        raise


class Writing:
    """The archive as a whole. told: called with the bytes written, often."""

    def __init__(self, file: FileIO, folder: Path, told: Callable[[int], None]) -> None:
        self.stream = ZipStream(file, folder)
        self.names = SafeNames()
        self.folder, self._told = folder, told
        self._copier, self._write_out = Copier(), WriteOut(file)

    async def file(
        self, path: str, pieces: AsyncIterator[bytes], *, size_bytes: int, modified_s: float
    ) -> str:
        safe = self.names.take(path)
        if size_bytes <= INLINE_BYTES:
            content = b"".join([piece async for piece in pieces])
            await settled(self._whole, safe, content, size_bytes, modified_s)
        else:
            await settled(self.stream.begin, safe, size_bytes, modified_s)
            await self._pieces(pieces)
            self.stream.end()
        self._told(self.stream.size_bytes)
        return safe

    async def _pieces(self, pieces: AsyncIterator[bytes]) -> None:
        """Writes each piece while the next one is read and opened."""
        writing: asyncio.Task[None] | None = None
        try:
            async for piece in pieces:
                if writing is not None:
                    await writing
                writing = asyncio.create_task(settled(self.stream.write, piece))
                self._told(self.stream.size_bytes)
            if writing is not None:
                await writing
        finally:
            # Nobody writes any more when this has ended, however it ended.
            if writing is not None:
                await asyncio.wait({writing})

    async def content(
        self, path: str, opened: Callable[[], Content], *, size_bytes: int, modified_s: float
    ) -> str:
        safe = self.names.take(path)
        work = (safe, opened, size_bytes, modified_s)
        await settled(self._copy, *work, give_up=self._copier.give_up)
        return safe

    def _copy(self, path: str, opened: Callable[[], Content], size_bytes: int, modified_s: float) -> None:
        with closing(opened()) as content:
            self.stream.begin(path, size_bytes, modified_s)
            self._copier.copy(content, size_bytes, self._put)
            self.stream.end()
        self._told(self.stream.size_bytes)

    def _put(self, piece: memoryview) -> None:
        self.stream.write(piece)
        self._write_out(self.stream.size_bytes)
        self._told(self.stream.size_bytes)

    def close(self) -> None:
        self.stream.close()
        self._copier.close()

    def _whole(self, path: str, content: bytes, size_bytes: int, modified_s: float) -> None:
        self.stream.begin(path, size_bytes, modified_s)
        self.stream.write(content)
        self.stream.end()

    async def text(self, path: str, text: str) -> None:
        await settled(self._whole, self.names.take(path), text.encode(), len(text.encode()), 0.0)

    def spooled(self, rows: Iterable[Mapping[str, Any]]) -> Spool | None:
        """The rows as JSON Lines, waiting in a temporary file; None for none. Blocks."""
        spool: Spool | None = None
        for row in rows:
            spool = spool or Spool(self.folder)
            spool.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        return spool

    async def add(self, path: str, spool: Spool) -> None:
        try:
            await settled(self.stream.add, self.names.take(path), spool)
        finally:
            spool.close()
        self._told(self.stream.size_bytes)


class AppArchive:
    """One app's folder of it."""

    def __init__(self, writing: Writing, app: str) -> None:
        self._writing, self._app = writing, app

    async def file(
        self, path: str, pieces: AsyncIterator[bytes], *, size_bytes: int, modified_s: float = 0.0
    ) -> str:
        place = f"apps/{self._app}/{path}"
        return await self._writing.file(place, pieces, size_bytes=size_bytes, modified_s=modified_s)

    async def content(
        self, path: str, opened: Callable[[], Content], *, size_bytes: int, modified_s: float = 0.0
    ) -> str:
        place = f"apps/{self._app}/{path}"
        return await self._writing.content(place, opened, size_bytes=size_bytes, modified_s=modified_s)

    async def rows(self, name: str, rows: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> None:
        spool = await settled(self.spooled, rows)
        if spool is not None:
            await self.add(name, spool, schema)

    def spooled(self, rows: Iterable[Mapping[str, Any]]) -> Spool | None:
        return self._writing.spooled(rows)

    async def add(self, name: str, spool: Spool, schema: Mapping[str, Any]) -> None:
        await self._writing.add(f"apps/{self._app}/{name}.jsonl", spool)
        words = json.dumps(schema, ensure_ascii=False, indent=1)
        await self._writing.text(f"schemas/{self._app}/{name}.schema.json", words)
