"""Starts the children that make pictures, gives them a file's content, and bounds what they take."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from functools import cache
from importlib.util import find_spec

import msgspec

from synfonium.apps.drive.children import office
from synfonium.apps.drive.model.previews import LARGE, MOST_PAGES, Family, Made

WALL_S = 20.0
LARGEST_ANSWER = 8 * 1024 * 1024
MIB = 1024 * 1024
WHOLE_BYTES = 64 * MIB
# A film has its table of contents at either end.
HEAD_BYTES, TAIL_BYTES = 24 * MIB, 8 * MIB
VERSION = "2"
_NEEDS = {
    "video": "av",
    "audio": "av",
    "svg": "resvg_py",
    "pdf": "pypdfium2",
    "image": "PIL",
    "office": "PIL",
}

Reading = Callable[[int, int], AsyncIterator[bytes]]
"""The content's bytes [start, stop)."""


def maker() -> str:
    """Which decoders there are: with others it is worth trying again."""
    optional = [name for name in ("PIL", "av", "pi_heif", "pypdfium2", "resvg_py") if _has(name)]
    return "+".join([VERSION, *optional, *(["soffice"] if office.is_here() else [])])


def can_make(family: Family | None) -> bool:
    return family is not None and _has("PIL") and _has(_NEEDS.get(family, "PIL"))


@cache
def _has(module: str) -> bool:
    return find_spec(module) is not None


async def make(
    family: Family, size_bytes: int, read: Reading, sizes: list[int], media_type: str = ""
) -> Made:
    """Pictures of a content; `none` when it is damaged, hostile or too large, `slow` when time was over.
    With the largest size, a document's other pages too.

    Raises what `read` raises.
    """
    is_film = family in ("video", "audio")
    if not size_bytes or (size_bytes > WHOLE_BYTES and not is_film):
        return Made(state="none")
    memory = os.memfd_create("source", os.MFD_CLOEXEC)
    try:
        os.ftruncate(memory, size_bytes)
        for start, stop in _parts(size_bytes, is_film):
            await _fill(memory, start, read(start, stop))
        if family == "office" and office.can_convert(media_type):
            return await _document(memory, sizes, media_type)
        return await (_pdf(memory, sizes) if family == "pdf" else _child(family, memory, sizes))
    finally:
        os.close(memory)


async def _document(memory: int, sizes: list[int], media_type: str) -> Made:
    """By way of PDF; of what cannot become one, the picture that it has in itself."""
    try:
        pdf = await office.to_pdf(memory, media_type)
    except TimeoutError:
        return Made(state="slow")
    pages = os.memfd_create("pages", os.MFD_CLOEXEC)
    try:
        await asyncio.to_thread(os.pwrite, pages, pdf, 0)
        made = await _pdf(pages, sizes) if pdf else Made(state="none")
    finally:
        os.close(pages)
    return made if made.state == "ready" else await _child("office", memory, sizes)


async def _pdf(memory: int, sizes: list[int]) -> Made:
    """A page that takes too long must not cost the first one."""
    if LARGE not in sizes:
        return await _child("pdf", memory, sizes)
    made = await _child("pdf", memory, sizes, MOST_PAGES)
    return made if made.state == "ready" else await _child("pdf", memory, sizes)


def _parts(size_bytes: int, is_film: bool) -> list[tuple[int, int]]:
    if not is_film or size_bytes <= HEAD_BYTES + TAIL_BYTES:
        return [(0, size_bytes)]
    return [(0, HEAD_BYTES), (size_bytes - TAIL_BYTES, size_bytes)]


async def _fill(memory: int, at: int, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        os.pwrite(memory, piece, at)
        at += len(piece)


async def _child(family: Family, memory: int, sizes: list[int], pages: int = 1) -> Made:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "synfonium.apps.drive.children.preview",
        family,
        str(memory),
        str(pages),
        *map(str, sizes),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=(memory,),
        env={},
        cwd="/",
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WALL_S):
            answer = await _answer(process.stdout)
            await process.wait()
    except TimeoutError:
        return Made(state="slow")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    try:
        return msgspec.msgpack.decode(answer, type=Made)
    except msgspec.DecodeError:
        return Made(state="none")


async def _answer(stream: asyncio.StreamReader) -> bytes:
    answer = bytearray()
    while piece := await stream.read(MIB):
        answer += piece
        if len(answer) > LARGEST_ANSWER:
            return b""
    return bytes(answer)
