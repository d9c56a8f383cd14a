"""Doors of the OpenID Provider: for programs, and pages for people."""

from synfonium.apps.identity.http.oauth import authorize, logout, registration, token

doors = (
    *authorize.doors,
    *token.doors,
    *registration.doors,
    *logout.doors,
)
