"""What one listener is told of a fact: asked again at the moment of telling."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.fabric.contract import Apps
from synfonium.apps.fabric.model import covers
from synfonium.apps.fabric.model.facts import GRANT_FACTS, Fact, Listener, envelope
from synfonium.apps.fabric.service.authority import Authority
from synfonium.apps.identity.contract import Subjects
from synfonium.common.ids import GrantId
from synfonium.kernel.context import Context


class Telling:
    """Turns facts into CloudEvents, for those who may hear of them now."""

    def __init__(self, context: Context, authority: Authority) -> None:
        self._context, self._authority = context, authority

    async def sub_of(self, to: Listener) -> str | None:
        """What the listener calls the person; None for an app that is not here any more. An
        installed app calls them as the house does."""
        if not to.app:
            return to.person
        app = await self._context.offer(Apps).by_name(to.app)  # type: ignore[type-abstract]
        if app is None:
            return None
        if not app.is_outside:
            return to.person
        return await self._context.offer(Subjects).of(app.client_id, to.person)  # type: ignore[type-abstract]

    async def objects_of(self, fact: Fact, to: Listener, grants: Sequence[str]) -> frozenset[str] | None:
        """By which granted objects the listener may be told of the fact now; None when it may not."""
        if not to.app:
            return frozenset() if fact.owner == to.person else None
        now_s = self._context.clock.now_s()
        chains = [await self._authority.chain(GrantId(grant)) for grant in grants]
        found = frozenset(chain[0].object for chain in chains if covers(chain, fact.path, "read", now_s))
        return found if found or fact.type in GRANT_FACTS else None

    def told(self, fact: Fact, to: Listener, sub: str, objects: frozenset[str]) -> bytes:
        """The CloudEvent, as JSON."""
        return msgspec.json.encode(envelope(fact, self._context.site.public_url, to, sub, objects))
