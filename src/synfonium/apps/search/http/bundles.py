"""The bundles of our index, for other installations and anybody."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

from litestar import Response
from litestar.response import Stream

from synfonium.apps.search.errors import NoBundleHere, NothingShared
from synfonium.apps.search.service.bundles.exchange import publisher_of
from synfonium.apps.search.service.bundles.format import Feed
from synfonium.apps.search.service.bundles.publishing import Publisher
from synfonium.kernel.actor import Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import get

_NAME = re.compile(r"([0-9]{1,9})-([0-9]{1,9})\.bundle")
_PIECE_BYTES = 1 << 18
_LARGEST_PART_BYTES = 4 << 20
_MEDIA_TYPE = "application/octet-stream"


@get("/search/bundles/index.json")
async def feed(actor: Visitor, context: Context) -> Response[Feed]:
    """What this installation publishes of its index. Raises NothingShared."""
    return Response(_publisher(context).feed(), headers={"cache-control": "no-cache"})


@get("/search/bundles/{name:str}", include_in_schema=False)
async def bundle(
    actor: Visitor, context: Context, name: str, start: int = 0, most: int = 0
) -> Response[bytes] | Stream:
    """A bundle whole, or with `most` so many of its bytes from `start` on, at most 4 MiB.

    Range and If-None-Match are headers that tell people apart, so they do not reach this door.
    Raises NothingShared, NoBundleHere.
    """
    publisher = _publisher(context)
    match = _NAME.fullmatch(name)
    listed = publisher.listed(int(match[1]), int(match[2])) if match else None
    if listed is None or not 0 <= start < listed.size_bytes or most < 0:
        raise NoBundleHere
    path = publisher.path(listed)
    headers = {"etag": f'"{listed.sha256}"', "cache-control": "public, max-age=86400"}
    if most:
        body = await asyncio.to_thread(_read, path, start, min(most, _LARGEST_PART_BYTES))
        return Response(body, media_type=_MEDIA_TYPE, headers=headers)
    headers["content-length"] = str(listed.size_bytes)
    return Stream(_pieces(path), media_type=_MEDIA_TYPE, headers=headers)


def _read(path: Path, start: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size_bytes)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    at = 0
    while piece := await asyncio.to_thread(_read, path, at, _PIECE_BYTES):
        at += len(piece)
        yield piece


def _publisher(context: Context) -> Publisher:
    publisher = publisher_of(context)
    if publisher is None:
        raise NothingShared
    return publisher


doors = [feed, bundle]
