"""What an operator does with the keys of spaces: wraps them by another, locks a space, opens it again."""

from collections import Counter
from collections.abc import AsyncIterator

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import NoSuchSpace, SpaceLocked, WrongState
from synfonium.apps.drive.model import Space
from synfonium.apps.drive.service.indexing import Indexing
from synfonium.apps.drive.service.keys import every_space
from synfonium.apps.drive.service.room import Room
from synfonium.apps.drive.store import spaces
from synfonium.common.ids import PersonId

MOST_SHOWN = 200


class KeyState(msgspec.Struct, frozen=True, kw_only=True):
    """key: its name, empty for the house's own. spaces: how many it wraps; locked: how many of these were
    locked by word. answers: whether a space of it could be opened just now."""

    key: str
    spaces: int
    locked: int
    answers: bool


class Locking:
    """Reached by commands, and by an administrator who has just proved who they are."""

    def __init__(self, room: Room, indexing: Indexing) -> None:
        self._room, self._indexing = room, indexing

    async def lock(self, owner: PersonId, *, is_locked: bool, by: PersonId | None = None) -> None:
        """At once, for all who use this server. owner: of the space; the id of a group folder is one.
        by: who of the administrators asks, None for the command line. Raises NoSuchSpace."""
        space = await self._of(owner)
        await self._put(space, self._room.keys.locked(space, is_locked=is_locked))
        if by:
            act = "drive.space.locked" if is_locked else "drive.space.unlocked"
            note = self._room.context.audit.add
            await self._room.context.database.write(lambda c: note(c, by, act, f"drive:space/{owner}"))

    async def locked_ones(self) -> list[PersonId]:
        """Owners of the spaces that were locked by word."""
        found: list[PersonId] = []
        async for space in every_space(self._room.read):
            if self._room.keys.envelope_of(space).is_locked and len(found) < MOST_SHOWN:
                found.append(space.owner)
        return found

    async def rewrap(self, owner: PersonId | None, key: str) -> int:
        """Wraps the key of the owner's space, or of all, by the key of that name (empty: by the house alone);
        how many. What is stored stays as it is. Raises NoSuchSpace, NoSuchKey, SpaceLocked; then those
        before are wrapped, and asking again goes on."""
        count = 0
        async for space in every_space(self._room.read) if owner is None else self._one(owner):
            await self._put(space, await self._room.keys.rewrapped(space, key))
            await self._indexing.want_all(space.owner)
            count += 1
        return count

    async def state(self) -> list[KeyState]:
        counts, locked, samples = Counter[str](), Counter[str](), dict[str, Space]()
        async for space in every_space(self._room.read):
            envelope = self._room.keys.envelope_of(space)
            counts[envelope.key] += 1
            locked[envelope.key] += envelope.is_locked
            if not envelope.is_locked:
                samples[envelope.key] = space
        return [
            KeyState(
                key=key,
                spaces=counts[key],
                locked=locked[key],
                answers=key not in samples or await self._answers(samples[key]),
            )
            for key in sorted(counts)
        ]

    async def _answers(self, space: Space) -> bool:
        self._room.keys.forget(space.id)
        try:
            await self._room.key(space)
        except SpaceLocked:
            return False
        return True

    async def _put(self, space: Space, sealed_key: bytes) -> None:
        def work(connection: Connection) -> None:
            if not spaces.set_key(connection, space, sealed_key):
                raise WrongState

        await self._room.write(space.id, work)
        self._room.forget(space.owner)
        self._room.keys.forget(space.id)

    async def _of(self, owner: PersonId) -> Space:
        found = await self._room.read(lambda c: spaces.of_owner(c, owner))
        if found is None:
            raise NoSuchSpace
        return found

    async def _one(self, owner: PersonId) -> AsyncIterator[Space]:
        yield await self._of(owner)
