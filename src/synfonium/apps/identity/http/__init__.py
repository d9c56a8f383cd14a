"""Doors of identity."""

from synfonium.apps.identity.http import addresses, clients, oauth, people, second, security, signin, welcome

doors = (
    *signin.doors,
    *welcome.doors,
    *security.doors,
    *second.doors,
    *addresses.doors,
    *people.doors,
    *clients.doors,
    *oauth.doors,
)
