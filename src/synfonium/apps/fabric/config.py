"""Settings of the fabric."""

from typing import Annotated

import msgspec


class FabricConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section [fabric].

    local_apps: whether outside apps may live in the own network or on this computer; for
    development, and for whoever runs all apps at home. index_documents: how many things one
    app may make searchable for one person. index_text_bytes: and how much text in all.

    keep_events_days: for how long an app that was away finds what it may hear of.
    retry_days: for how long an outside app that does not answer is told again.
    most_listeners: how many may listen to events at once; each costs some 30 KB of memory and a
    file descriptor.
    most_listeners_each: how many of them one app may have for one person, or one person.
    """

    local_apps: bool = False
    index_documents: Annotated[int, msgspec.Meta(ge=0)] = 1_000_000
    index_text_bytes: Annotated[int, msgspec.Meta(ge=0)] = 4 * 1024 * 1024 * 1024
    keep_events_days: int = 7
    retry_days: int = 3
    most_listeners: int = 12_000
    most_listeners_each: int = 20
