"""Settings of notifications: `[notifications]` in synfonium.toml."""

from typing import Annotated

import msgspec


class NotificationsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """a_day_from_app: how many notifications an app from outside may give one person in a day;
    the rest is counted. local_push: whether push messages may go to private networks and
    loopback, over plain HTTP too; for developing."""

    a_day_from_app: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 50
    local_push: bool = False
