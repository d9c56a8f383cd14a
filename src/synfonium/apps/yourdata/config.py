"""Settings of people's data: `[yourdata]` in synfonium.toml."""

from typing import Annotated

import msgspec

Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]


class YourdataConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """erase_days: how long a person who deletes their account may change their mind.
    archive_days: how long an archive that somebody asked for can be downloaded.
    backup_days: after how many days nothing of an erased person is in a backup any more; it
    stands in the receipt. controller, contact: who runs this installation and how they are
    reached, for the record of processing (GDPR, article 30)."""

    erase_days: Days = 14
    archive_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 7
    backup_days: Days = 30
    controller: str = ""
    contact: str = ""
