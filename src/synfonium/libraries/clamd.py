"""Asks clamd whether bytes are known to be harmful, by its INSTREAM command (clamd(8))."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

__all__ = ["Away", "Broken", "TooLong", "scan"]

ANSWER_S = 120.0
LARGEST_ANSWER = 4096
PIECE_BYTES = 256 * 1024


class Away(Exception):
    """Nobody answers there."""


class Broken(Exception):
    """It took the bytes and gave no answer that we understand."""


class TooLong(Exception):
    """More bytes than clamd takes in one stream (its StreamMaxLength)."""


async def scan(address: str, pieces: AsyncIterator[bytes]) -> str:
    """The name of what was found; empty for nothing. address: `unix:/path`, or `host:port`.

    Raises Away, TooLong, Broken, and what `pieces` raises.
    """
    reader, writer = await _connect(address)
    # It may answer before everything was sent, and then hears no more.
    answering = asyncio.create_task(reader.read(LARGEST_ANSWER))
    try:
        async with asyncio.timeout(ANSWER_S):
            with suppress(ConnectionError):
                await _send(writer, pieces, answering)
            return _read(await answering)
    except (TimeoutError, OSError) as failure:
        raise Broken from failure
    finally:
        answering.cancel()
        writer.close()


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, rest = address.partition(":")
    try:
        if kind == "unix":
            return await asyncio.open_unix_connection(rest)
        return await asyncio.open_connection(kind, int(rest))
    except (OSError, ValueError) as failure:
        raise Away from failure


async def _send(
    writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes], answering: "asyncio.Task[bytes]"
) -> None:
    writer.write(b"zINSTREAM\0")
    async for piece in pieces:
        for at in range(0, len(piece), PIECE_BYTES):
            if answering.done():
                return
            part = piece[at : at + PIECE_BYTES]
            writer.write(struct.pack(">I", len(part)) + part)
            await writer.drain()
    writer.write(struct.pack(">I", 0))
    await writer.drain()


def _read(answer: bytes) -> str:
    """`stream: OK`, `stream: NAME FOUND`, or an error."""
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if said == "stream: OK":
        return ""
    if said.startswith("stream: ") and said.endswith(" FOUND"):
        return said[len("stream: ") : -len(" FOUND")]
    if "size limit exceeded" in said:
        raise TooLong
    raise Broken(said[:200])
