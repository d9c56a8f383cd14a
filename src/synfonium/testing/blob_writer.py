# SPDX-License-Identifier: Apache-2.0
"""A process that writes blobs and says which are acknowledged, made to be killed.

Run by the blob suite: `python -m synfonium.testing.blob_writer OPENER TARGET`, with the
same lines as database_writer.
"""

import asyncio
import os
import random
import sys
from importlib import import_module

from synfonium.ports.blobs import BlobStore, BlobWriter
from synfonium.testing.child import serve_forks

_TASKS = 8


def open_blobs(opener: str, target: str) -> BlobStore:
    """Calls `opener` (`module:function`) with the target."""
    module, _, name = opener.partition(":")
    opened: BlobStore = getattr(import_module(module), name)(target)
    return opened


async def put(store: BlobStore, name: str, content: bytes) -> BlobWriter:
    """Writes one blob; gives its finished writer."""
    async with await store.writer() as writer:
        await writer.write(content)
        await writer.commit(name)
    return writer


def content_of(name: str) -> bytes:
    """The content that the killed writer gives to this name."""
    choice = random.Random(name)
    return choice.randbytes(choice.choice((10, 5_000, 300_000, 1_500_000)))


async def _write_for_ever(store: BlobStore, first: int) -> None:
    async def write(number: int) -> None:
        while True:
            await put(store, f"{number:08d}", content_of(f"{number:08d}"))
            os.write(1, f"ack {number:08d}\n".encode())
            number += _TASKS

    await asyncio.gather(*(write(first + i) for i in range(_TASKS)))


def main() -> None:
    opener, target = sys.argv[1:3]
    import_module(opener.partition(":")[0])
    serve_forks(lambda command, first: asyncio.run(_write_for_ever(open_blobs(opener, target), first)))


if __name__ == "__main__":
    main()
