"""Content that was found harmful. Pure."""

from typing import Literal

import msgspec

from synfonium.apps.drive.model.node import BlobName, SpaceId


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A content in which something was found. released: somebody answers for it that it is none."""

    blob: BlobName
    space: SpaceId
    state: Literal["infected", "released"]
    found: str
    found_s: float
