"""A whole drive on its way to somebody else."""

from typing import Literal

import msgspec

from synfonium.apps.drive.model.node import NodeId
from synfonium.common.ids import PersonId

HandOverState = Literal["running", "stopped", "done"]


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """Of all that `person` owns to `to`, into the folder `into` of theirs.

    asked_by: the person, or an administrator. why: the code of the problem that stopped it. moved: how many
    files and folders have arrived."""

    id: str
    person: PersonId
    to: PersonId
    asked_by: PersonId
    into: NodeId
    state: HandOverState = "running"
    why: str = ""
    moved: int = 0
    asked_s: float = 0.0
    ended_s: float = 0.0
