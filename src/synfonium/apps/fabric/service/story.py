"""All about one right: where it comes from, whom it was passed on to, and what was done with it."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.fabric.contract import Grant, Object
from synfonium.apps.fabric.errors import UnknownGrant
from synfonium.apps.fabric.model import is_address
from synfonium.apps.fabric.model.uses import KEPT_DAYS, Use, day_of
from synfonium.apps.fabric.service.ledger import Entry, Ledger
from synfonium.apps.fabric.store import grants as store
from synfonium.common.ids import GrantId, PersonId
from synfonium.kernel.audit.chain import Row
from synfonium.kernel.audit.store import Wanted
from synfonium.kernel.context import Context

MOST_ROWS = 100


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the audit. shown: what it is about, if that is still there."""

    row: Row
    shown: Object | None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """above: what it was cut from, the first one first. cut: what was cut from it. is_ended: it,
    or what it was cut from, was taken back. uses: of 90 days, the newest first."""

    entry: Entry
    above: tuple[Entry, ...]
    cut: tuple[Entry, ...]
    is_ended: bool
    uses: Sequence[Use]
    deeds: Sequence[Deed]
    now_s: float


class Stories:
    """Reads one right of a person at a time."""

    def __init__(self, context: Context, ledger: Ledger) -> None:
        self._context, self._ledger = context, ledger

    async def of(self, person: PersonId, grant: GrantId) -> Story:
        """Raises UnknownGrant, for another person's too."""
        await self._ledger.settle()
        found, below = await self._context.database.read(
            lambda c: (store.origin_of(c, grant), store.below(c, [grant]))
        )
        if not found or found[0][0].person != person:
            raise UnknownGrant
        chain, ended = [one for one, _ended_s in found], dict(found)
        entry, *above = await self._ledger.entries(chain, [*chain, *below], ended)
        now_s = self._context.clock.now_s()
        uses = await self._ledger.used([grant], day_of(now_s) - KEPT_DAYS)
        return Story(
            entry=entry,
            above=tuple(reversed(above)),
            cut=tuple(await self._ledger.entries(below, below)),
            is_ended=any(ended.values()),
            uses=tuple(reversed(uses.get(grant, ()))),
            deeds=await self._deeds(entry.grant),
            now_s=now_s,
        )

    async def _deeds(self, grant: Grant) -> Sequence[Deed]:
        """What the audit of every app says of this app and of what lies in this thing, the newest first.

        A collection has the same address for everybody: only the person's own rows are looked at.
        """
        wanted = Wanted(person=grant.person, by_app=grant.app, since_s=grant.since_s - 1.0)
        rows = await self._context.audit_of_all().find(wanted, MOST_ROWS)
        about = {row.subject for row in rows if is_address(row.subject)}
        shown = await self._ledger.titles.of(grant.person, about)
        deeds = [Deed(row=row, shown=shown.get(row.subject)) for row in rows]
        return [one for one in deeds if _is_about(one, grant)]


def _is_about(deed: Deed, grant: Grant) -> bool:
    return deed.row.subject == grant.object or (deed.shown is not None and grant.object in deed.shown.path)
