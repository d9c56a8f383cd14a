"""Pictures of results, small and from this installation, so that no reader asks a stranger's site.

Only addresses that were signed for a page of results are served: this is no open proxy. The worker
fetches them, by the crawler's guarded connections, and a child makes them small.
"""

import asyncio
import hmac
import os
import sys
from collections import OrderedDict
from urllib.parse import urlencode

from synfonium.apps.search.model import normal_url
from synfonium.apps.search.service.fetch import Fetcher

LONGER_SIDE = 400
LARGEST_PICTURE_BYTES = 8 << 20
SLOWEST_S = 8.0
AT_ONCE = 4
_MOST_WAITING = 60
_MOST_KEPT, _MOST_KEPT_BYTES = 500, 16 << 20
_LARGEST_SMALL_BYTES = 1 << 20
_CHILD_S = 10.0
_MOST_REDIRECTS = 3
_FORMATS = ("jpeg", "jpg", "png", "webp", "gif", "avif", "bmp", "x-icon", "vnd.microsoft.icon")
_TYPES = frozenset(("application/octet-stream", *(f"image/{name}" for name in _FORMATS)))


class PictureSeal:
    """Signs addresses of pictures. key: 32 bytes that only this installation knows."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def address(self, url: str) -> str:
        """Where this installation shows the picture, or "" for what is no web address."""
        normal = normal_url(url)
        return f"/search/picture?{urlencode({'u': normal, 's': self._sign(normal)})}" if normal else ""

    def is_ours(self, url: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(url).encode(), signature.encode())

    def _sign(self, url: str) -> str:
        return hmac.new(self._key, url.encode(), "sha256").hexdigest()[:32]


class SmallPictures:
    """Fetches pictures and makes them small; keeps the last few in memory, and nothing on disk."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._lines = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    async def close(self) -> None:
        await self._fetcher.close()

    async def small(self, url: str) -> bytes:
        """A WebP, or nothing where there is no picture to be had now."""
        if url in self._kept:
            self._kept.move_to_end(url)
            return self._kept[url]
        if self._waiting >= _MOST_WAITING:
            return b""
        self._waiting += 1
        try:
            async with self._lines:
                made = await self._make(url)
        finally:
            self._waiting -= 1
        self._keep(url, made)
        return made

    async def _make(self, url: str) -> bytes:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._fetcher.fetch(url, largest_bytes=LARGEST_PICTURE_BYTES)
            if not answer.location:
                break
            url = answer.location
        if answer.failure or answer.status != 200 or answer.media_type not in _TYPES:
            return b""
        return await small_picture(answer.body)

    def _keep(self, url: str, made: bytes) -> None:
        if not made or url in self._kept:
            return
        self._kept[url] = made
        self._kept_bytes += len(made)
        while len(self._kept) > _MOST_KEPT or self._kept_bytes > _MOST_KEPT_BYTES:
            _url, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest)


async def small_picture(content: bytes, *, size: int = LONGER_SIDE) -> bytes:
    """The content as a small WebP; nothing when it is no picture, damaged, hostile or too slow."""
    memory = os.memfd_create("picture", os.MFD_CLOEXEC)
    try:
        await asyncio.to_thread(os.pwrite, memory, content, 0)
        return await _child(memory, size)
    finally:
        os.close(memory)


async def _child(memory: int, size: int) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "synfonium.apps.search.children.picture",
        str(memory),
        str(size),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        pass_fds=(memory,),
        env={},
        cwd="/",
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_CHILD_S):
            made = await process.stdout.read(_LARGEST_SMALL_BYTES + 1)
            while piece := await process.stdout.read(1 << 16):
                made += piece
                if len(made) > _LARGEST_SMALL_BYTES:
                    return b""
            await process.wait()
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return made if made[:4] == b"RIFF" else b""
