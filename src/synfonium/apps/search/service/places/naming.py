"""The names that a place is found by."""

from collections.abc import Iterable

from synfonium.apps.search.service.places.kinds import plain_name
from synfonium.apps.search.store.places import LONGEST_PLACE_NAME

_MOST_PARTS = 3
_SHORTEST_PART = 4


def names_of(name: str, others: Iterable[str], weight: int) -> dict[str, int]:
    """Names as they are looked up, each with its rank: the heavier the place the smaller.

    A name of several words is found by its later ones too, after all that are called so.
    """
    found: dict[str, int] = {}
    for plain in (plain_name(text) for text in (name, *others)):
        if plain:
            found.setdefault(plain[:LONGEST_PLACE_NAME], -weight)
    words = plain_name(name).split()
    for start in range(1, min(len(words), _MOST_PARTS + 1)):
        part = " ".join(words[start:])
        if len(part) >= _SHORTEST_PART:
            found.setdefault(part[:LONGEST_PLACE_NAME], -(weight // 100))
    return found
