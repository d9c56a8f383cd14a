"""The PCs' settings: `[pc]` in synfonium.toml."""

from typing import Annotated

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]


class PcConfig(msgspec.Struct, frozen=True, kw_only=True):
    """image: for a new PC when none is named. cpus, memory, disk: its limits then.
    machines_per_person: how many one person may have. ticket_s: how long a ticket to a
    screen may wait for its use."""

    image: str = "debian-desktop"
    cpus: Annotated[float, msgspec.Meta(ge=0.1)] = 2.0
    memory: str = "2G"
    disk: str = "10G"
    machines_per_person: Positive = 5
    ticket_s: Annotated[int, msgspec.Meta(ge=1, le=120)] = 20
