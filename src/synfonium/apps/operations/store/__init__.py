"""Tables of operations and the statements over them."""

from synfonium.apps.operations.store.tables import metadata

__all__ = ["metadata"]
