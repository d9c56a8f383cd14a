"""An act that is sent again under its key is done once (Idempotency-Key, draft-ietf-httpapi)."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from synfonium.apps.fabric.errors import KeyInUse, KeyTaken, TookTooLong
from synfonium.apps.fabric.store import acts as store
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

LONGEST_KEY = 100
LARGEST_KEPT = 64 * 1024

Answer = dict[str, Any]


class Once:
    """Keeps the answers of a day, up to 1,000 a person."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def do(
        self, actor: Person, key: str, request: object, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """What `work` answers; under a key that came before, what it answered then. Raises
        KeyTaken for another act's key, KeyInUse while that one is being done, BadInput."""
        if not key:
            return await work()
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise BadInput("Idempotency-Key", _("At most 100 printable characters."))
        caller, now_s = actor.app or "", self._context.clock.now_s()
        asked = hashlib.sha256(msgspec.json.encode(request, order="sorted")).digest()
        write = self._context.database.write
        before = await write(lambda c: store.claim(c, actor.id, caller, key, asked, now_s))
        if before is not None:
            return _same(before, asked)
        try:
            answer = await work()
        except TookTooLong:
            raise  # perhaps it was done all the same
        except Problem:
            # Also of an outside app that did not answer: it knows the act by its message's id.
            await write(lambda c: store.free(c, actor.id, caller, key))
            raise
        kept = msgspec.json.encode(answer).decode()
        kept = kept if len(kept) <= LARGEST_KEPT else "{}"
        await write(lambda c: store.keep(c, actor.id, caller, key, kept))
        return answer


def _same(before: tuple[bytes, str | None], asked: bytes) -> Answer:
    request_hash, answer = before
    if request_hash != asked:
        raise KeyTaken
    if answer is None:
        raise KeyInUse
    kept: Answer = msgspec.json.decode(answer)
    return kept
