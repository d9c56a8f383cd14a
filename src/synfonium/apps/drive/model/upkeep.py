"""How the search for damaged content stands, and what it found. Pure."""

from typing import Literal

import msgspec

from synfonium.apps.drive.model.node import BlobName, NodeId, SpaceId

DamageKind = Literal["damaged", "missing", "seal"]
"""damaged: its bytes are not those that were written; missing: they are not there; seal: the bytes
are right, and what guards them is not: it is served, since each byte is verified with its key."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """One blob that is not as it was written."""

    blob: BlobName
    space: SpaceId
    kind: DamageKind
    found_s: float


class Hurt(msgspec.Struct, frozen=True, kw_only=True):
    """A file with a version whose content is damaged. is_present: it is the one that counts."""

    node: NodeId
    space: SpaceId
    is_present: bool


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """One walk through all blobs, in the order of their names. after: the last one looked at.
    state idle: it came to its end; stopped: it goes on when somebody says so, or it is time."""

    state: Literal["idle", "running", "stopped"] = "idle"
    after: str = ""
    begun_s: float = 0.0
    ended_s: float = 0.0
    done: int = 0
    total: int = 0
    done_bytes: int = 0
