"""The SQL of the fabric; each room of tables is a module, and all share `metadata`."""

from synfonium.apps.fabric.store.tables import metadata

__all__ = ["metadata"]
