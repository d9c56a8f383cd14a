"""The SQL of the fabric; each room of tables is a module, and all share `metadata`."""

from synfonium.apps.fabric.store.tables import PERSONAL_INDEXES, metadata

__all__ = ["PERSONAL_INDEXES", "metadata"]
