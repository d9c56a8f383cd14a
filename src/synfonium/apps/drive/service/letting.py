"""What a person shares, as the ledger of "who may see what" shows it."""

from collections.abc import Sequence

from synfonium.apps.drive import contract
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.model.share import Link, LinkMode, Mode, Share
from synfonium.apps.drive.service import DriveService
from synfonium.apps.fabric.contract import Letting, Lettings, Reaching
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context

_RIGHTS: dict[Mode | LinkMode, Reaching] = {"view": "see", "edit": "edit", "drop": "drop", "drop_own": "drop"}


class _Lettings:
    def __init__(self, context: Context) -> None:
        self._context = context

    async def of(self, person: PersonId, within: Sequence[str] = ()) -> Sequence[Letting]:
        """What is in the trash is reached by nobody, and is left out; a link that is closed too."""
        service: DriveService | None = self._context.service
        if service is None:
            return []
        given, made = await service.sharing.made(Person(id=person, name="", display=""))
        now_s = self._context.clock.now_s()
        found = [_share(one.share, one.node) for one in given if one.node]
        found += [_link(one.link, one.node) for one in made if one.node and not one.link.blocked_s]
        found = [one for one in found if not one.until_s or one.until_s > now_s]
        return [one for one in found if not within or one.object in within]


def _share(share: Share, node: Node) -> Letting:
    return Letting(
        object=contract.address_of(node.id),
        title=node.name,
        page=f"/drive/node/{node.id}/share",
        who=share.to_name,
        kind=share.to_kind,
        right=_RIGHTS[share.mode],
        since_s=share.made_s,
        until_s=share.until_s,
        end=f"/drive/shares/{share.id}/end?of=ledger",
    )


def _link(link: Link, node: Node) -> Letting:
    return Letting(
        object=contract.address_of(node.id),
        title=node.name,
        page=f"/drive/node/{node.id}/share#links",
        who=link.label,
        kind="link",
        right=_RIGHTS[link.mode],
        since_s=link.made_s,
        until_s=link.until_s,
        end=f"/drive/links/{link.id}/end?of=ledger",
    )


def lettings(context: Context) -> Lettings:
    return _Lettings(context)
