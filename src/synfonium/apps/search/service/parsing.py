"""Pages are parsed in a child process, because a page can be built to hang a parser.

Ten thousand nested elements keep the extractor busy for seconds and more for minutes
(its time grows with the square of the depth), and a thread cannot be stopped.
"""

import asyncio
import os
import struct
import sys

import msgspec

from synfonium.apps.search.model import Extract, ParseJob

LONGEST_PARSE_S = 5.0
_PAGES_PER_CHILD = 2000
_LARGEST_ANSWER_BYTES = 16 << 20


class Unparsable(Exception):
    """The page took too long, too much memory, or broke the parser."""


class Parser:
    """One child at a time, started when needed and replaced when it fails."""

    def __init__(self, longest_s: float = LONGEST_PARSE_S) -> None:
        self._longest_s = longest_s
        self._child: asyncio.subprocess.Process | None = None
        self._pages = 0
        self._turn = asyncio.Lock()

    async def parse(self, job: ParseJob) -> Extract:
        """Raises Unparsable."""
        async with self._turn:
            child = await self._ready()
            try:
                async with asyncio.timeout(self._longest_s):
                    return await self._ask(child, msgspec.msgpack.encode(job))
            except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.DecodeError) as failure:
                await self._stop()
                raise Unparsable from failure
            except asyncio.CancelledError:
                await self._stop()
                raise

    async def close(self) -> None:
        async with self._turn:
            await self._stop()

    async def _ready(self) -> asyncio.subprocess.Process:
        if self._pages >= _PAGES_PER_CHILD:
            await self._stop()
        if self._child is None:
            self._pages = 0
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "synfonium.apps.search.children",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                limit=1 << 20,
            )
            # Its first page also pays for the start.
            await self._greet(self._child)
        return self._child

    async def _greet(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        async with asyncio.timeout(30):
            await child.stdout.readexactly(1)

    async def _ask(self, child: asyncio.subprocess.Process, question: bytes) -> Extract:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(struct.pack(">I", len(question)) + question)
        await child.stdin.drain()
        (length,) = struct.unpack(">I", await child.stdout.readexactly(4))
        if length > _LARGEST_ANSWER_BYTES:
            raise OSError("an answer larger than any page's text")
        self._pages += 1
        return msgspec.msgpack.decode(await child.stdout.readexactly(length), type=Extract)

    async def _stop(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            if child.returncode is None:
                child.kill()
            await child.wait()
