"""Drive's settings: `[drive]` in synfonium.toml."""

from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class DriveConfig(msgspec.Struct, frozen=True, kw_only=True):
    """default_quota_bytes: room for each person, 0 for no limit. max_file_bytes: largest
    single file, 0 for no limit. trash_days: how long the trash keeps what was put in it,
    0 for ever. versions_percent: how much of a person's limit their old versions may take
    besides. versions_days: how long an old version is kept, 0 for as long as there is room.
    scrub_days: how often all content is read for damage, 0 for never. scrub_mib_per_s: how fast.
    clamd: who scans new content for what is harmful, unix:/path or host:port, empty for nobody.
    scan_mib: how much of each content is scanned.
    changes_days: how long the journal of changes is kept for clients that were away.
    keys: keys of others that wrap those of spaces, each NAME=file:/PATH or
    NAME=transit:https://HOST/v1/transit/KEY?token_file=/PATH. space_key: the name of the one
    for new spaces, empty for the house's own.
    local_sources: whether people may move in from machines of the own network and from this computer."""

    default_quota_bytes: Count = 0
    max_file_bytes: Count = 0
    trash_days: Count = 30
    versions_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    versions_days: Count = 0
    scrub_days: Count = 30
    scrub_mib_per_s: Annotated[int, msgspec.Meta(ge=1)] = 16
    clamd: str = ""
    scan_mib: Annotated[int, msgspec.Meta(ge=1)] = 100
    changes_days: Annotated[int, msgspec.Meta(ge=1)] = 90
    keys: tuple[str, ...] = ()
    space_key: str = ""
    local_sources: bool = False
