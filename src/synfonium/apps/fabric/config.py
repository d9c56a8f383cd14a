"""Settings of the fabric."""

import msgspec


class FabricConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section [fabric].

    local_apps: whether outside apps may live in the own network or on this computer; for
    development, and for whoever runs all apps at home.
    """

    local_apps: bool = False
