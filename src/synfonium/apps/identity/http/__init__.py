"""Doors of identity."""

from synfonium.apps.identity.http import clients, oauth, people, security, signin, welcome

doors = (*signin.doors, *welcome.doors, *security.doors, *people.doors, *clients.doors, *oauth.doors)
