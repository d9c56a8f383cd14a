"""Keeps the index of people's own things in step with what apps tell, in the worker."""

import asyncio
import base64
from collections.abc import Mapping, Sequence

import msgspec

from synfonium.apps.drive.contract import (
    NODE_REMOVED,
    NODE_RESTORED,
    NODE_TRASHED,
    FilesBelow,
    TextSource,
    address_of,
    node_of,
)
from synfonium.apps.fabric.children import can_read, read_text
from synfonium.apps.fabric.service import MINE
from synfonium.common.event import Event
from synfonium.kernel import logs
from synfonium.kernel.context import Call, Context
from synfonium.ports.index import IndexDocument

log = logs.get("fabric")
MOST_PAGES = 1000
AT_ONCE = 200


async def on_object(context: Context, event: Event) -> None:
    """Brings the index to what the event's object is now; so a second delivery changes nothing."""
    node = node_of(event.subject)
    if node is None:
        return
    if event.type == NODE_REMOVED:
        await _forget(context, [node])
    elif event.type in (NODE_TRASHED, NODE_RESTORED):
        await _each_below(context, node, forget=event.type == NODE_TRASHED)
    else:
        await _learn(context, [node])


async def _each_below(context: Context, node: str, *, forget: bool) -> None:
    after = ""
    for _page in range(MOST_PAGES):
        answer = await context.call("drive.files_below", {"node": node, "after": after})
        if answer is None:
            return
        below = msgspec.convert(answer, FilesBelow)
        await (_forget if forget else _learn)(context, below.files)
        after = below.after
        if not after:
            return


async def _forget(context: Context, nodes: Sequence[str]) -> None:
    index = context.index(MINE, writable=True)
    await asyncio.to_thread(index.delete, [address_of(node) for node in nodes])
    await asyncio.to_thread(index.commit)


async def _learn(context: Context, nodes: Sequence[str]) -> None:
    index = context.index(MINE, writable=True)
    for node in nodes:
        document = await _document(context, node)
        if document is None:
            await asyncio.to_thread(index.delete, [address_of(node)])
        else:
            await asyncio.to_thread(index.add, [document])
            # Reading takes a while, in which its owner may have gone for good.
            if await context.call("drive.describe", {"node": node}) is None:
                await asyncio.to_thread(index.delete, [address_of(node)])
    await asyncio.to_thread(index.commit)


async def forget_person(context: Context, call: Call) -> Mapping[str, bool]:
    """Takes all things of `person` out of the index, and out of its files."""
    index = context.index(MINE, writable=True)
    await asyncio.to_thread(index.delete_space, call.text("person"))
    await asyncio.to_thread(index.commit)
    shared = await asyncio.to_thread(index.scour)
    nodes = [node for key in shared if (node := node_of(key))]
    for at in range(0, len(nodes), AT_ONCE):
        await _learn(context, nodes[at : at + AT_ONCE])
    return {"done": True}


async def _document(context: Context, node: str) -> IndexDocument | None:
    answer = await context.call("drive.read_text_source", {"node": node})
    if answer is None:
        return None
    source = msgspec.convert(answer, TextSource)
    file = source.file
    text = ""
    if can_read(file.media_type):
        text = await read_text(file.media_type, base64.b64decode(source.content))
    return IndexDocument(
        key=address_of(node), space=file.owner, title=file.name, text=text, time_s=file.modified_s
    )
