"""Doors of identity."""

from synfonium.apps.identity.http import (
    addresses,
    apps,
<<<<<<< HEAD
    letters,
=======
    device,
>>>>>>> f10516c (identity: mend what the conformance modules found, and keep the provider within 2500 lines)
    oauth,
    organisation,
    organisation_parts,
    organisations,
    outside,
    passes,
    people,
    recover,
    second,
    security,
    signin,
    signup,
    sources,
    together,
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
    *organisations.doors,
    *organisation.doors,
    *organisation_parts.doors,
    *together.doors,
    *passes.doors,
    *letters.doors,
    *outside.doors,
    *sources.doors,
    *apps.doors,
    *device.doors,
    *oauth.doors,
)
