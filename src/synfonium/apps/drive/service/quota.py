"""Whether there is room for more: on the person's own, and in what they share with others.

What a person may store is said by identity's organisations (their contract); the drive
measures what is stored. An answer is kept for seconds, so that a change is soon seen and a
folder of a thousand files asks once. The sum of a pool that many share is kept as long.
"""

from collections import OrderedDict
from typing import TypeVar

import msgspec
from sqlalchemy import Connection

from synfonium.apps.drive.errors import PoolExceeded, QuotaExceeded
from synfonium.apps.drive.model import Space
from synfonium.apps.drive.store import spaces
from synfonium.apps.identity.contract import Organisations, Quota
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context

Key = TypeVar("Key", bound=str)
T = TypeVar("T")
KEPT = 10_000
KEPT_S = 2.0
COUNTED_AT_ONCE = 200


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What may be stored in a space. limit_bytes: by its owner, None for no limit;
    pool_bytes: by all of `sharers` together; pool_name: what they share it as."""

    limit_bytes: int | None = None
    pool: str = ""
    pool_name: str = ""
    pool_bytes: int | None = None
    sharers: tuple[PersonId, ...] = ()

    @property
    def is_limited(self) -> bool:
        return self.limit_bytes is not None or self.pool_bytes is not None

    @property
    def most_bytes(self) -> int | None:
        """The narrower of the two limits, None for none."""
        limits = [limit for limit in (self.limit_bytes, self.pool_bytes) if limit is not None]
        return min(limits, default=None)


class Allowances:
    """Asks who gives how much, and remembers it for a moment."""

    def __init__(self, context: Context, default_bytes: int) -> None:
        self._context, self._default = context, default_bytes or None
        self._kept: OrderedDict[PersonId, tuple[float, Allowance]] = OrderedDict()
        self._sums: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def of(self, space: Space) -> Allowance:
        now_s = self._context.clock.now_s()
        kept = self._kept.get(space.owner)
        if kept and 0 <= now_s - kept[0] < KEPT_S:
            return kept[1]
        allowance = await self._ask(space)
        _keep(self._kept, space.owner, (now_s, allowance))
        return allowance

    async def _ask(self, space: Space) -> Allowance:
        for organisations in self._context.offers(Organisations):  # type: ignore[type-abstract]
            quota = await organisations.quota_of(space.owner)
            if quota is not None:
                return await self._given(organisations, quota, space)
        own = self._default if space.quota_bytes is None else space.quota_bytes or None
        return Allowance(limit_bytes=own)

    async def _given(self, organisations: Organisations, quota: Quota, space: Space) -> Allowance:
        own = quota.limit_bytes if space.quota_bytes is None else space.quota_bytes or None
        if quota.pool is None:
            return Allowance(limit_bytes=own)
        return Allowance(
            limit_bytes=own,
            pool=quota.pool.organisation,
            pool_name=quota.pool.name,
            pool_bytes=quota.pool.limit_bytes,
            sharers=await organisations.of_pool(quota.pool.organisation),
        )

    def stored_together(self, connection: Connection, allowance: Allowance) -> int:
        """Bytes that the sharers of a pool have stored; of a large pool, seconds ago."""
        if len(allowance.sharers) <= COUNTED_AT_ONCE:
            return spaces.used_bytes_of(connection, allowance.sharers)
        now_s = self._context.clock.now_s()
        kept = self._sums.get(allowance.pool)
        if kept and 0 <= now_s - kept[0] < KEPT_S:
            return kept[1]
        stored = spaces.used_bytes_of(connection, allowance.sharers)
        _keep(self._sums, allowance.pool, (now_s, stored))
        return stored

    def left(
        self, connection: Connection, space: Space, allowance: Allowance
    ) -> tuple[int | None, QuotaExceeded]:
        """What may still be added to the space, None for no limit and never negative; and
        what to say to whoever wants to add more."""
        own, shared = None, None
        if allowance.limit_bytes is not None:
            own = max(0, allowance.limit_bytes - spaces.used_bytes(connection, space))
        if allowance.pool_bytes is not None:
            shared = max(0, allowance.pool_bytes - self.stored_together(connection, allowance))
        if shared is not None and (own is None or shared < own):
            return shared, PoolExceeded(name=allowance.pool_name)
        return own, QuotaExceeded()

    def free_bytes(self, connection: Connection, space: Space, allowance: Allowance) -> int | None:
        return self.left(connection, space, allowance)[0]

    def need_room(self, connection: Connection, space: Space, allowance: Allowance, more_bytes: int) -> None:
        """Raises QuotaExceeded, or PoolExceeded when it is the others' too."""
        if more_bytes <= 0 or not allowance.is_limited:
            return
        free, refusal = self.left(connection, space, allowance)
        if free is not None and more_bytes > free:
            raise refusal


def _keep(kept: OrderedDict[Key, T], key: Key, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)
