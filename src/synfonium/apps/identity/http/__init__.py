"""Doors of identity."""

from synfonium.apps.identity.http import (
    addresses,
    apps,
    oauth,
    outside,
    people,
    recover,
    second,
    security,
    signin,
    signup,
    sources,
    trusted,
    welcome,
)

doors = (
    *signin.doors,
    *welcome.doors,
    *security.doors,
    *second.doors,
    *addresses.doors,
    *recover.doors,
    *signup.doors,
    *trusted.doors,
    *people.doors,
    *outside.doors,
    *sources.doors,
    *apps.doors,
    *oauth.doors,
)
