"""What is looked for among files: conditions on one property each, put together. Pure."""

from typing import Literal

import msgspec

Field = Literal[
    "name", "media_type", "modified_s", "taken_s", "size_bytes", "number", "is_folder", "is_favorite"
]
"""taken_s: of photos and films, when they were taken; nothing else has it."""
Operator = Literal["eq", "lt", "gt", "lte", "gte", "like"]


class Compare(msgspec.Struct, frozen=True):
    """value: text with `%` and `_` for `like`, which knows no case; 0 or 1 for what is or is not."""

    field: Field
    operator: Operator
    value: str | float


class AllOf(msgspec.Struct, frozen=True):
    of: tuple["Condition", ...]


class AnyOf(msgspec.Struct, frozen=True):
    of: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True):
    of: "Condition"


Condition = Compare | AllOf | AnyOf | Not


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """where: None for all. order: field, and whether the largest comes first."""

    where: Condition | None
    order: tuple[tuple[Field, bool], ...] = ()
    limit: int = 100
    skip: int = 0
