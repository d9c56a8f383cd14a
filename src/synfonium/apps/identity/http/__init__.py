"""Doors of identity."""

from synfonium.apps.identity.http import (
    addresses,
    clients,
    oauth,
    outside,
    people,
    second,
    security,
    signin,
    sources,
    welcome,
)

doors = (
    *signin.doors,
    *welcome.doors,
    *security.doors,
    *second.doors,
    *addresses.doors,
    *people.doors,
    *outside.doors,
    *sources.doors,
    *clients.doors,
    *oauth.doors,
)
