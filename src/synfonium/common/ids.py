"""Identifiers. Each kind of id is its own type so that two cannot be swapped."""

import os
import time
from typing import NewType

PersonId = NewType("PersonId", str)
AppName = NewType("AppName", str)
GrantId = NewType("GrantId", str)
EventId = NewType("EventId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Two characters at a time: ids are made for each row.
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS = range(120, -1, -10)


def new_id(now_s: float | None = None) -> str:
    """A fresh id of 26 characters: 48 bits of milliseconds, then 80 random bits.

    Ids sort by the time they were made; the alphabet is Crockford's base 32 in lower
    case, so an id is safe in paths, URLs and host names.
    """
    milliseconds = int((time.time() if now_s is None else now_s) * 1000)
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in _SHIFTS])


def made_s(id_: str) -> float:
    """When `new_id` made this id, UTC seconds to a millisecond. Raises ValueError for no id."""
    if len(id_) != 26:
        raise ValueError("id")
    number = 0
    for character in id_:
        number = number << 5 | _ALPHABET.index(character)
    return (number >> 80) / 1000
