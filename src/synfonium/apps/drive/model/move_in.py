"""Jobs that bring files in from elsewhere. Pure."""

from typing import Literal

import msgspec

from synfonium.apps.drive.model.node import NodeId
from synfonium.common.ids import PersonId

MoveInKind = Literal["nextcloud", "webdav", "s3", "takeout"]
MoveInState = Literal["asking", "waiting", "running", "paused", "done", "cancelled"]
"""asking: until the person has agreed at the source. paused: until the person goes on."""
ENDED = ("done", "cancelled")


class MoveIn(msgspec.Struct, frozen=True, kw_only=True):
    """One job. source: where from, for its person to read; sealed_access: how it is reached, empty once
    the job has ended. target: the folder that it fills. files, bytes: as many as were counted.
    done: those that are here, and `same` of them were before; not_taken: those that cannot come."""

    id: str
    person: PersonId
    kind: MoveInKind
    state: MoveInState
    why: str = ""
    source: str
    sealed_access: bytes
    target: NodeId
    asked_s: float
    ended_s: float = 0.0
    is_counted: bool = False
    files: int = 0
    bytes: int = 0
    done: int = 0
    done_bytes: int = 0
    same: int = 0
    not_taken: int = 0

    @property
    def is_ended(self) -> bool:
        return self.state in ENDED

    @property
    def parts_done(self) -> int:
        """Of `files`, those that nothing more will happen with."""
        return min(self.done + self.not_taken, self.files)


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was not taken. why: one of moving.port.Why."""

    place: str
    why: str
