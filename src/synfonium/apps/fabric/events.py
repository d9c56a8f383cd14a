"""What apps tell goes into the journal; in the worker: writes the index of people's own things."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from synfonium.apps.fabric.model.index import Held
from synfonium.apps.fabric.service import FabricService
from synfonium.apps.fabric.service.searching import MINE
from synfonium.common.event import Event
from synfonium.kernel.context import Call, Context
from synfonium.ports.index import IndexDocument, SearchIndex


async def on_facts(context: Context, events: Sequence[Event]) -> None:
    """Whoever may hear of what an app tells will: in the role that keeps the journal."""
    service: FabricService = context.service
    await service.journal.hear(events)


async def index_apply(context: Context, call: Call) -> Mapping[str, bool]:
    """Brings the index to what these documents are, and commits it; a second time changes nothing."""
    documents = msgspec.convert(msgspec.to_builtins(call.arguments["documents"]), list[Held])
    index = context.index(MINE, writable=True)
    await asyncio.to_thread(_apply, index, documents)
    return {"done": True}


def _apply(index: SearchIndex, documents: Sequence[Held]) -> None:
    index.delete([held.address for held in documents if held.is_gone])
    index.add([_document(held) for held in documents if not held.is_gone])
    index.commit()


def _document(held: Held) -> IndexDocument:
    return IndexDocument(
        key=held.address,
        space=held.person,
        title=held.title,
        text=held.text,
        lang=held.lang,
        time_s=held.time_s,
        marks=held.marks,
    )


async def index_state(context: Context, call: Call) -> Mapping[str, int]:
    index = context.index(MINE, writable=True)
    return {"documents": await asyncio.to_thread(index.count)}


async def forget_person(context: Context, call: Call) -> Mapping[str, Sequence[str]]:
    """Takes all things of `person` out of the index, and out of its files. again: addresses of
    what has to be pushed once more, before the last of it is gone."""
    index = context.index(MINE, writable=True)
    await asyncio.to_thread(index.delete_space, call.text("person"))
    await asyncio.to_thread(index.commit)
    return {"again": await asyncio.to_thread(index.scour)}
