"""Whether a right is in force: what every door asks, in every process."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from synfonium.apps.fabric.contract import Action, Credential, Grant
from synfonium.apps.fabric.model import covers, is_alive
from synfonium.apps.fabric.service.delegation import Biscuits
from synfonium.apps.fabric.service.uses import Uses
from synfonium.apps.fabric.store import grants as store
from synfonium.common.ids import GrantId
from synfonium.kernel.context import Context

KEPT = 20_000
KEPT_S = 0.5
"""How old a remembered grant may be: so soon a right that was taken back is refused elsewhere."""

Chain = tuple[Grant, ...]


class Authority:
    """`contract.Grants`. A grant stands with what it was cut from; all must let it happen."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: OrderedDict[GrantId, tuple[float, Chain]] = OrderedDict()
        self.generation = 0
        self._changed = asyncio.Event()
        self.biscuits = Biscuits(context)
        self.uses = Uses(context)

    async def of(self, grant: GrantId) -> Grant | None:
        chain = await self.chain(grant)
        now_s = self._context.clock.now_s()
        return chain[0] if chain and all(is_alive(one, now_s) for one in chain) else None

    async def check(self, actor: Credential, path: Sequence[str], action: Action) -> Grant | None:
        now_s = self._context.clock.now_s()
        if actor.caveats and not self.biscuits.allows(actor.caveats, path, action, now_s):
            return None
        for grant in actor.grants:
            chain = await self.chain(grant)
            if covers(chain, path, action, now_s):
                self.uses.saw(grant, action, now_s)
                return chain[0]
        return None

    async def holding(self, paths: Sequence[Sequence[str]], action: Action) -> Sequence[Sequence[Grant]]:
        objects = sorted({address for path in paths for address in path})
        now_s = self._context.clock.now_s()
        found = await self._context.database.read(lambda c: store.on_objects(c, objects)) if objects else ()
        chains = {grant.id: await self.chain(grant.id) for grant in found}
        return [[grant for grant in found if covers(chains[grant.id], path, action, now_s)] for path in paths]

    async def chain(self, grant: GrantId) -> Chain:
        """The grant and what it was cut from; empty when one of them was taken back."""
        kept = self._kept.get(grant)
        now = monotonic()
        if kept is not None and now - kept[0] < KEPT_S:
            return kept[1]
        chain = await self._context.database.read(lambda c: store.chain(c, grant))
        # As old as the question: what was taken back while the answer came is not overlooked.
        self._kept[grant] = (now, chain)
        self._kept.move_to_end(grant)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return chain

    def forget(self) -> None:
        """Looks again at the next check: a right was given, changed or taken back here."""
        self._kept.clear()
        self.generation += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, generation: int, within_s: float) -> None:
        """Waits until a right was given, changed or taken back here since that generation."""
        with suppress(TimeoutError):
            if self.generation == generation:
                await asyncio.wait_for(self._changed.wait(), within_s)

    async def use(self, chain: Chain) -> bool:
        """Counts that the right was shown, where uses are counted; whether some were left."""
        ids = [grant.id for grant in chain if grant.limits.uses >= 0]
        if not ids:
            return True
        for grant in chain:
            self._kept.pop(grant.id, None)
        return await self._count(ids)

    async def _count(self, ids: Sequence[GrantId]) -> bool:
        if self._context.owns_database:
            return await self._context.database.write(lambda c: store.use(c, ids))
        return bool(await self._context.call("fabric.grant_use", {"grants": list(ids)}))
