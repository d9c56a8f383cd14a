"""SQL of the OpenID Provider."""

from synfonium.apps.identity.store.oauth import tables

__all__ = ["tables"]
