"""One private search over what a person has, or was given, in any app.

The index finds candidates and decides nothing: each hit that is shown has been described by
its app just now, for the person who asks, and, for an app, checked against its grants.
"""

import asyncio
from collections.abc import Sequence

from synfonium.apps.fabric.contract import (
    Found,
    Grant,
    Grants,
    Hit,
    Object,
    Objects,
    Query,
    Shared,
    Shares,
    page_of,
)
from synfonium.apps.fabric.model.index import has_interface, lies_in, of_app
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.ports.index import Fence, IndexAnswer, IndexHit, IndexQuery

log = logs.get("fabric")
MINE = "mine"
LONGEST_QUERY = 500
MOST_HITS = 50
PAGE = 20
"""The index is always asked for so many: pages of one size follow one order."""
MOST_PAGES = 10
DESCRIBED_WITHIN_S = 2.0
MOST_OBJECTS = 1_000


class Search:
    """Use case `query` of the fabric, in the role whose apps describe their objects."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def run(self, actor: Person, query: Query) -> Found:
        """What `actor` may read of what matches: a person, or an app within its grants."""
        look = _Look(self._context, actor, query)
        fences = await look.fences()
        hits: list[Hit] = []
        limit, at, dropped, answer = max(1, min(MOST_HITS, query.limit)), max(0, query.offset), 0, _NOTHING
        for _page in range(MOST_PAGES):
            answer = await self._ask(query, fences, at)
            for hit in await look.checked(answer.hits):
                at += 1
                if hit is None:
                    dropped += 1
                elif len(hits) < limit:
                    hits.append(hit)
                if len(hits) == limit:
                    break
            if len(hits) == limit or len(answer.hits) < PAGE:
                break
        after = at if at < answer.total and answer.hits else 0
        seen = max(0, query.offset) + len(hits) + bool(after)
        total = max(answer.total - dropped, seen) if look.is_own(fences) else seen
        return Found(hits=tuple(hits), total=total, after=after)

    async def _ask(self, query: Query, fences: Sequence[Fence], at: int) -> IndexAnswer:
        index = self._context.index(MINE)
        asked = IndexQuery(words=query.text[:LONGEST_QUERY])
        return await asyncio.to_thread(index.search, asked, spaces=fences, limit=PAGE, offset=at)


_NOTHING = IndexAnswer(total=0, hits=())


class _Look:
    """One search of one actor."""

    def __init__(self, context: Context, actor: Person, query: Query) -> None:
        self._context, self._actor, self._query = context, actor, query

    async def fences(self) -> Sequence[Fence]:
        """Where to look: in one's own things, in what is shared, below what was granted."""
        narrowed = self._narrowed()
        if self._actor.app is not None:
            roots = tuple(lies_in(grant.object) for grant in await self._grants())
            narrowed = (roots, *narrowed)
        own = Fence(space=self._actor.id, marks=narrowed)
        return [own, *(self._fence(shared, narrowed) for shared in await self._shared())]

    def _narrowed(self) -> tuple[tuple[str, ...], ...]:
        query = self._query
        groups = ((of_app(query.app),) if query.app else (), (has_interface(query.interface),))
        return tuple(group for group in groups[: 2 if query.interface else 1] if group)

    def _fence(self, shared: Shared, narrowed: tuple[tuple[str, ...], ...]) -> Fence:
        roots = tuple(map(lies_in, shared.objects[:MOST_OBJECTS]))
        return Fence(space=shared.owner, marks=(roots, *narrowed))

    async def _grants(self) -> Sequence[Grant]:
        grants = self._context.offer(Grants)  # type: ignore[type-abstract]
        found = [await grants.of(grant) for grant in self._actor.grants[:MOST_OBJECTS]]
        return [grant for grant in found if grant is not None and "read" in grant.actions]

    async def _shared(self) -> Sequence[Shared]:
        keepers = self._context.offers(Shares)  # type: ignore[type-abstract]
        found = await asyncio.gather(*(keeper.readable(self._actor.id) for keeper in keepers))
        return [shared for some in found for shared in some if shared.owner != self._actor.id]

    def is_own(self, fences: Sequence[Fence]) -> bool:
        """Whether only the actor's own things were looked at: others' are not even counted."""
        return self._actor.app is None and len(fences) == 1

    async def checked(self, found: Sequence[IndexHit]) -> Sequence[Hit | None]:
        """For each what it is now; None for what is gone or not the actor's to read."""
        return await asyncio.gather(*(self._checked(hit) for hit in found))

    async def _checked(self, hit: IndexHit) -> Hit | None:
        thing = await self._described(hit.key)
        if thing is None or (self._query.interface and self._query.interface not in thing.interfaces):
            return None
        if self._actor.app is not None:
            grants = self._context.offer(Grants)  # type: ignore[type-abstract]
            if await grants.check(self._actor, thing.path, "read") is None:
                return None
        return _shown(hit, thing)

    async def _described(self, address: str) -> Object | None:
        objects = self._context.offer(Objects)  # type: ignore[type-abstract]
        try:
            async with asyncio.timeout(DESCRIBED_WITHIN_S):
                return await objects.describe(self._actor.id, address)
        except (Problem, TimeoutError) as failure:
            # An app that does not answer shows nothing, and keeps nobody else's things away.
            log.warning("fabric.not_described", reason=type(failure).__name__)
            return None


def _shown(hit: IndexHit, thing: Object) -> Hit:
    return Hit(
        address=hit.key,
        url=thing.page if _leads_somewhere(thing.page) else page_of(hit.key),
        app=hit.key.partition(":")[0],
        title=thing.title,
        snippet=hit.snippet,
        time_s=thing.modified_s or hit.time_s,
        interfaces=thing.interfaces,
        media_type=thing.media_type,
    )


def _leads_somewhere(page: str) -> bool:
    """A path of this site or an address of the web; an app might answer `javascript:`."""
    is_path = page.startswith("/") and not page.startswith(("//", "/\\"))
    return page.isprintable() and (is_path or page.startswith(("https://", "http://")))
