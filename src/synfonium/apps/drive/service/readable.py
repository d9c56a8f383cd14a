"""What of others' files the private search finds for a person: what is shared with them now."""

from collections.abc import Sequence

from synfonium.apps.drive import contract
from synfonium.apps.drive.service.mounts import Mounts
from synfonium.apps.fabric.contract import Shared, Shares
from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context


class _Readable:
    """Asked when somebody searches, so that a share that ends needs no word to the index."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def readable(self, person: PersonId) -> Sequence[Shared]:
        found: dict[PersonId, list[str]] = {}
        service = self._context.service
        mounts: Mounts = service.room.mounts if service else Mounts(self._context)
        for one in await mounts.of(person):
            address = contract.ROOT if one.node == one.space.root else contract.address_of(one.node)
            if not one.is_left:
                found.setdefault(one.space.owner, []).append(address)
        return [Shared(owner=owner, objects=tuple(objects)) for owner, objects in found.items()]


def readable(context: Context) -> Shares:
    return _Readable(context)
