"""Which message a body says that it is."""

from collections.abc import Mapping
from typing import Any, TypeGuard

__all__ = ["says"]


def says(body: Any, urn: str) -> TypeGuard[Mapping[str, Any]]:
    """Whether a body is an object with `urn` among its `schemas` (RFC 7644, section 3.1)."""
    stated = body.get("schemas") if isinstance(body, dict) else None
    return isinstance(stated, list) and urn in stated
