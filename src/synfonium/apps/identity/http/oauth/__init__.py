"""Doors of the OpenID Provider: for programs, and pages for people."""

from synfonium.apps.identity.http.oauth import authorize, device, logout, registration, token

doors = (
    *authorize.doors,
    *token.doors,
    *registration.doors,
    *logout.doors,
    *device.doors,
)
