"""What the pages of PCs share: the way to the picker, and what was given to a PC."""

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from synfonium.apps.fabric.contract import FILE, FOLDER, Grant
from synfonium.apps.pc import contract
from synfonium.apps.pc.model.given import WHOLE_DRIVE
from synfonium.apps.pc.service import PcService
from synfonium.kernel.context import Context


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A thing that a PC was given. title: empty for the whole Drive. place: where it shows, below
    the home; empty where it does not. ends: the grant that a person takes back to end this."""

    title: str
    can_write: bool
    until_s: float
    place: str
    ends: str


def service_of(context: Context) -> PcService:
    service: PcService = context.service
    return service


def picker(machine_id: str, *, back: str, actions: str = "read,write") -> str:
    """Where a person chooses files and folders for a PC."""
    asked = {
        "for": "pc",
        "subject": contract.address_of(machine_id),
        "interfaces": f"{FOLDER},{FILE}",
        "actions": actions,
        "back": back,
    }
    return f"/fabric/pick?{urlencode(asked, safe=':/,')}"


def given_of(service: PcService, grants: Mapping[str, Sequence[Grant]]) -> dict[str, tuple[Given, ...]]:
    """For each PC of one person what it was given.

    What was opened in a PC was given to the app first: the person takes that back, unless it shows
    in another PC too.
    """
    cut = Counter(grant.parent for held in grants.values() for grant in held if grant.parent)

    def one(machine_id: str, grant: Grant) -> Given:
        is_alone = cut[grant.parent] == 1
        return Given(
            title="" if grant.object == WHOLE_DRIVE else grant.title,
            can_write="write" in grant.actions,
            until_s=grant.limits.until_s,
            place=service.live.place_of(machine_id, grant.id),
            ends=grant.parent if grant.parent and is_alone else grant.id,
        )

    return {
        machine_id: tuple(one(machine_id, grant) for grant in held) for machine_id, held in grants.items()
    }
