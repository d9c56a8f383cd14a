"""Things that people gave to an app, as folders: which of them show, and where."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, MutableMapping, Sequence

import msgspec

from synfonium.libraries.davmount.names import plain_name

MOST_EACH = 8
MOST_SHOWN = 200
_USER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A right in force of an app that is reached by WebDAV.

    user: the person, as the app knows them. title: what it was called when it was given.
    has_secret: whether one was made since it was given, or given back.
    """

    grant: str
    user: str
    object: str
    title: str
    is_folder: bool = True
    can_write: bool = False
    has_secret: bool = False

    @property
    def key(self) -> str:
        """Of the person's thing, whichever right to it is meant; it says nothing about either."""
        return hashlib.sha256(f"{self.user} {self.object}".encode()).hexdigest()[:20]


def places(
    given: Sequence[Given], numbers: MutableMapping[str, int], *, one_each: bool = False
) -> Mapping[str, Given]:
    """Where each thing shows below the folder of the app: `person/title`, or `person` alone, whose
    oldest folder it is, with one_each. Of each thing the right that allows most.

    numbers: those of things whose title was taken; kept, so that a thing stays where it is
    whatever comes and goes beside it. What is over is taken out.
    """
    shown: dict[str, Given] = {}
    for user, held in _by_user(given).items():
        if one_each:
            folders = [best for _first, best in held if best.is_folder]
            shown.update((user, folder) for folder in folders[:1])
            continue
        named = _named([first for first, _best in held[:MOST_EACH]], numbers)
        shown |= {f"{user}/{named[first.key]}": best for first, best in held[:MOST_EACH]}
    over = numbers.keys() - {one.key for one in given}
    for key in over:
        del numbers[key]
    return dict(sorted(shown.items(), key=lambda item: item[1].grant)[:MOST_SHOWN])


def _by_user(given: Sequence[Given]) -> Mapping[str, Sequence[tuple[Given, Given]]]:
    """Each person's things, the oldest first: by which right they were given first, and the best."""
    found: dict[str, dict[str, tuple[Given, Given]]] = defaultdict(dict)
    for one in sorted(given, key=lambda one: one.grant):
        if not _USER.fullmatch(one.user):
            continue
        first, best = found[one.user].get(one.object, (one, one))
        found[one.user][one.object] = (first, one if one.can_write and not best.can_write else best)
    return {user: list(things.values()) for user, things in found.items()}


def _named(things: Sequence[Given], numbers: MutableMapping[str, int]) -> Mapping[str, str]:
    """A name for each, by its key. Those that have a number keep it, and their name with it."""
    named: dict[str, str] = {}
    for thing in sorted(things, key=lambda thing: thing.key not in numbers):
        name = plain_name(thing.title, is_file=not thing.is_folder)
        number = numbers.get(thing.key, 1)
        while (wanted := name if number == 1 else f"{name} {number}") in named.values():
            number += 1
        numbers[thing.key], named[thing.key] = number, wanted
    return named
