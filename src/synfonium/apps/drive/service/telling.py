"""Telling people that something is shared with them."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.contract import address_of
from synfonium.apps.drive.model import Node
from synfonium.apps.notifications.contract import NOTIFY, Notice
from synfonium.apps.shell.contract import Words
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

log = logs.get("drive")


class Telling:
    """A notice that cannot be delivered is no reason not to share."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def shared(self, by: Person, node: Node, people: Sequence[PersonId]) -> None:
        for person in people:
            if person != by.id:
                await self._notify(self._notice(by, node, person))

    def _notice(self, by: Person, node: Node, person: PersonId) -> Notice:
        return Notice(
            person=person,
            topic="shared",
            topic_title=_("Something is shared with you"),
            title=Words(
                text=_("%(who)s shares %(name)s with you"),
                values={"who": by.display or by.name, "name": node.name[:100] or "…"},
            ),
            object=address_of(node.id),
            url=f"/drive/node/{node.id}",
            key=f"shared-{node.id}",
        )

    async def blocked(self, person: PersonId, reasons: str) -> None:
        """Tells whose link it was that the operator has closed it, and why (DSA, article 17)."""
        if not person:
            return
        notice = Notice(
            person=person,
            topic="blocked",
            topic_title=_("A link of yours was closed"),
            title=Words(text=_("The operator has closed a link of yours.")),
            body=Words(text=_("The reasons: %(reasons)s"), values={"reasons": reasons[:400]}),
            url="/drive/shared/mine",
            urgency="high",
        )
        await self._notify(notice)

    async def _notify(self, notice: Notice) -> None:
        try:
            await self._context.call(NOTIFY, msgspec.to_builtins(notice))
        except Problem as problem:
            log.warning("drive.not_told", code=problem.code)
