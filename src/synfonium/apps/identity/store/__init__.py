"""SQL of identity: the tables, and plain functions over a Connection."""

from synfonium.apps.identity.store import addresses, second
from synfonium.apps.identity.store.tables import metadata

__all__ = ["addresses", "metadata", "second"]
