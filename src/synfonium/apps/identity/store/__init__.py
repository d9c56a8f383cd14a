"""SQL of identity: the tables, and plain functions over a Connection."""

from synfonium.apps.identity.store import (
    addresses,
    oauth,
    outside,
    second,
    signup,
    tables_organisations,
    trust,
)
from synfonium.apps.identity.store.tables import metadata

__all__ = [
    "addresses",
    "metadata",
    "oauth",
    "outside",
    "second",
    "signup",
    "tables_organisations",
    "trust",
]
