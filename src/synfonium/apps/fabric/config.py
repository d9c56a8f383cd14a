"""Settings of the fabric."""

from typing import Annotated

import msgspec


class FabricConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section [fabric].

    local_apps: whether outside apps may live in the own network or on this computer; for
    development, and for whoever runs all apps at home. index_documents: how many things one
    app may make searchable for one person. index_text_bytes: and how much text in all.
    """

    local_apps: bool = False
    index_documents: Annotated[int, msgspec.Meta(ge=0)] = 1_000_000
    index_text_bytes: Annotated[int, msgspec.Meta(ge=0)] = 4 * 1024 * 1024 * 1024
