"""Long lists, some at a time: a statement takes only so many parameters."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
_AT_ONCE = 300


def chunks(values: list[T]) -> Iterable[list[T]]:
    """`values` in order, at most 300 at a time."""
    return (values[i : i + _AT_ONCE] for i in range(0, len(values), _AT_ONCE))
