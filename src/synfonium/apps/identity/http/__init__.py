"""Doors of identity."""

from synfonium.apps.identity.http import clients, oauth, people, second, security, signin, welcome

doors = (
    *signin.doors,
    *welcome.doors,
    *security.doors,
    *second.doors,
    *people.doors,
    *clients.doors,
    *oauth.doors,
)
