"""The keys of spaces. Each space has its own (docs/decisions/0002-blob-format.md), sealed by the house; one
may be wrapped besides by a key that lies with its customer or operator (0043-keys-of-spaces.md). When that
is withdrawn, the space is locked."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoSuchWrappingKey, SpaceLocked
from synfonium.apps.drive.model import Space, SpaceId
from synfonium.apps.drive.store import spaces
from synfonium.kernel import logs
from synfonium.kernel.sealed_blobs import SpaceKey
from synfonium.libraries.key_wrapping import Away, KeyWrapping, Withdrawn, wrapping_of
from synfonium.ports.secrets import SecretBox

log = logs.get("drive")
KEPT_SPACES = 10_000
BATCH = 500
# An open space is asked for anew after the first, and refused after the second.
ASKED_AFTER_S = 40.0
HELD_S = 60.0
RETRY_S = 5.0
_MAGIC = b"SYNKEY1\n"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the house seals of a space's key. key: the name of the key by which `wrapped` is wrapped; empty
    when it is the space's key itself. is_locked: by an operator's word."""

    key: str = ""
    wrapped: bytes
    is_locked: bool = False


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a space. opened: None while it is locked."""

    envelope: Envelope
    opened: SpaceKey | None
    since_s: float


class SpaceKeys:
    """Opens spaces, for one process. find: the space as it is in the table now."""

    def __init__(
        self,
        secrets: SecretBox,
        config: DriveConfig,
        now_s: Callable[[], float],
        find: Callable[[SpaceId], Awaitable[Space | None]],
    ) -> None:
        self._secrets, self._now_s, self._find = secrets, now_s, find
        self._for_new = config.space_key
        self._wrappings = {name: wrapping_of(address) for name, address in map(_named, config.keys)}
        if self._for_new and self._for_new not in self._wrappings:
            raise ValueError("[drive] space_key names none of keys")
        self._held: OrderedDict[SpaceId, Held] = OrderedDict()
        self._opening: dict[SpaceId, asyncio.Task[SpaceKey]] = {}

    async def need(self, space: Space) -> None:
        """The space is open for the next moments. Raises SpaceLocked."""
        held = self._held.get(space.id)
        if held is None or held.opened is None or self._now_s() - held.since_s > ASKED_AFTER_S:
            await self.open(space)

    async def open(self, space: Space) -> SpaceKey:
        """The key of the space, asked for at whoever holds it when that is due. Raises SpaceLocked."""
        held = self._held.get(space.id)
        age_s = self._now_s() - held.since_s if held else 0.0
        if held and held.opened is None and age_s <= RETRY_S:
            raise SpaceLocked
        if held and held.opened is not None and age_s <= ASKED_AFTER_S:
            return held.opened
        task = self._opening.get(space.id)
        if task is None:
            task = self._opening[space.id] = asyncio.create_task(self._take(space, is_new=held is None))
            task.add_done_callback(lambda _: self._opening.pop(space.id, None))
        return await asyncio.shield(task)

    def opened(self, space: Space) -> SpaceKey:
        """The key of a space that `need` has opened, or that lies with the house. Raises SpaceLocked."""
        held = self._held.get(space.id)
        if held is None:
            envelope = self.envelope_of(space)
            if envelope.key or envelope.is_locked:
                raise SpaceLocked
            return self._hold(space.id, envelope, envelope.wrapped)
        is_due = bool(held.envelope.key) and self._now_s() - held.since_s > HELD_S
        if held.opened is None or is_due:
            raise SpaceLocked
        return held.opened

    async def _take(self, space: Space, *, is_new: bool) -> SpaceKey:
        # Another server may have wrapped or locked it meanwhile.
        found = space if is_new else await self._find(space.id) or space
        envelope = self.envelope_of(found)
        try:
            return self._hold(space.id, envelope, await self._unwrapped(space.id, envelope))
        except SpaceLocked:
            self._keep(space.id, Held(envelope=envelope, opened=None, since_s=self._now_s()))
            raise

    def _hold(self, space: SpaceId, envelope: Envelope, key: bytes) -> SpaceKey:
        before = self._held.get(space)
        # The same key again: who derives three others from it each minute has nothing else to do.
        is_same = before is not None and before.opened is not None and before.envelope == envelope
        opened = before.opened if before and before.opened and is_same else SpaceKey(key)
        self._keep(space, Held(envelope=envelope, opened=opened, since_s=self._now_s()))
        return opened

    def _keep(self, space: SpaceId, held: Held) -> None:
        self._held[space] = held
        if len(self._held) > KEPT_SPACES:
            self._held.popitem(last=False)

    async def _unwrapped(self, space: SpaceId, envelope: Envelope) -> bytes:
        if envelope.is_locked:
            raise SpaceLocked
        if not envelope.key:
            return envelope.wrapped
        wrapping = self._wrappings.get(envelope.key)
        if wrapping is None:
            log.warning("drive.space_locked", reason="unknown_key")
            raise SpaceLocked
        try:
            return await wrapping.unwrap(envelope.wrapped, purpose=_purpose(space))
        except (Withdrawn, Away) as failure:
            log.warning("drive.space_locked", reason=type(failure).__name__.lower())
            raise SpaceLocked from None

    # Making and changing

    async def fresh(self, space: SpaceId) -> bytes:
        """A new space's key, sealed for its row. Raises SpaceLocked when who shall wrap it refuses."""
        return self.seal(space, await self._wrapped(space, self._for_new, SpaceKey.fresh()))

    async def rewrapped(self, space: Space, key: str) -> bytes:
        """The same key, wrapped by the key of that name: nothing that is stored is written anew. Raises
        NoSuchWrappingKey, and SpaceLocked when one of the two refuses."""
        if key and key not in self._wrappings:
            raise NoSuchWrappingKey
        envelope = self.envelope_of(space)
        plain = await self._unwrapped(space.id, msgspec.structs.replace(envelope, is_locked=False))
        wrapped = await self._wrapped(space.id, key, plain)
        return self.seal(space.id, msgspec.structs.replace(wrapped, is_locked=envelope.is_locked))

    def locked(self, space: Space, *, is_locked: bool) -> bytes:
        """The same, locked by an operator's word or no more."""
        return self.seal(space.id, msgspec.structs.replace(self.envelope_of(space), is_locked=is_locked))

    async def _wrapped(self, space: SpaceId, key: str, plain: bytes) -> Envelope:
        if not key:
            return Envelope(wrapped=plain)
        try:
            wrapping: KeyWrapping = self._wrappings[key]
            return Envelope(key=key, wrapped=await wrapping.wrap(plain, purpose=_purpose(space)))
        except (Withdrawn, Away):
            raise SpaceLocked from None

    def seal(self, space: SpaceId, envelope: Envelope) -> bytes:
        is_plain = not envelope.key and not envelope.is_locked
        content = envelope.wrapped if is_plain else _MAGIC + msgspec.msgpack.encode(envelope)
        return self._secrets.seal(content, purpose=_purpose(space))

    def envelope_of(self, space: Space) -> Envelope:
        """Raises ValueError for another installation's."""
        content = self._secrets.open(space.sealed_key, purpose=_purpose(space.id))
        if not content.startswith(_MAGIC):
            return Envelope(wrapped=content)
        return msgspec.msgpack.decode(content[len(_MAGIC) :], type=Envelope)

    def is_foreign(self, space: Space) -> bool:
        """Whether its key is wrapped by somebody else's."""
        held = self._held.get(space.id)
        return bool((held.envelope if held else self.envelope_of(space)).key)

    def forget(self, space: SpaceId | None) -> None:
        """Keeps no key of the space, or of none."""
        if space is None:
            self._held.clear()
        else:
            self._held.pop(space, None)


def _purpose(space: SpaceId) -> str:
    return f"space/{space}"


def _named(entry: str) -> tuple[str, str]:
    name, is_there, address = entry.partition("=")
    if not (is_there and name.isidentifier()):
        raise ValueError("[drive] keys: NAME=ADDRESS")
    return name, address


async def every_space(
    read: Callable[[Callable[[Connection], list[Space]]], Awaitable[list[Space]]],
) -> AsyncIterator[Space]:
    """All spaces, in order of their ids, few at a time."""
    after = ""
    while found := await read(partial(spaces.every, after=after, limit=BATCH)):
        for space in found:
            yield space
        after = found[-1].id
