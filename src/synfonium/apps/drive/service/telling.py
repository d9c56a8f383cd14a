"""Telling people that something is shared with them."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.drive.contract import address_of
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.hand_over import HandOver
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

    async def handed_over(self, one: HandOver) -> None:
        """Tells who has received a whole drive, and whose it was."""
        topic = _("A whole drive was handed over")
        received = Notice(
            person=one.to,
            topic="handed_over",
            topic_title=topic,
            title=Words(text=_("A whole drive is yours now.")),
            body=Words(text=_("All of it lies in a folder of your drive.")),
            url=f"/drive/node/{one.into}",
            key=f"handed-over-{one.id}",
        )
        given = msgspec.structs.replace(
            received,
            person=one.person,
            title=Words(text=_("Your drive was handed over.")),
            body=Words(text=_("What was yours lies in your trash until it is emptied.")),
            url="/drive/trash",
        )
        for notice in (received, given):
            await self._notify(notice)

    async def blocked(self, person: PersonId, reasons: str, page: str) -> None:
        """Tells whose link it was that the operator has closed it, why, and on which page they object (DSA,
        article 17)."""
        if not person:
            return
        notice = Notice(
            person=person,
            topic="blocked",
            topic_title=_("A link of yours was closed"),
            title=Words(text=_("The operator has closed a link of yours.")),
            body=Words(text=_("The reasons: %(reasons)s"), values={"reasons": reasons[:400]}),
            url=page,
            urgency="high",
        )
        await self._notify(notice)

    async def reviewed(self, person: PersonId, reasons: str, *, is_closed: bool) -> None:
        """Tells whose link it is what became of an objection."""
        if not person:
            return
        title = _("The link stays closed.") if is_closed else _("The link is open again.")
        notice = Notice(
            person=person,
            topic="blocked",
            topic_title=_("A link of yours was closed"),
            title=Words(text=title),
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
