"""What this app itself has of a person: the archives that they asked for."""

from collections.abc import Mapping

from synfonium.common.ids import PersonId
from synfonium.kernel.context import Context
from synfonium.kernel.personal import Part, Plain


class _Own(Plain):
    def __init__(self, context: Context) -> None:
        self._context = context

    async def erase(self, person: PersonId) -> Mapping[str, int]:
        return {"archives": await self._context.service.archives.forget(person)}


def part(context: Context) -> Part:
    return _Own(context)
