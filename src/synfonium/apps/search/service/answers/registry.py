"""Finds the kinds of answers, and asks those whose gate fits."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import msgspec

from synfonium.apps.search.service.answers import kinds
from synfonium.apps.search.service.answers.asked import (
    LONGEST_ASKED,
    Asked,
    InstantAnswer,
    Sources,
    folded,
)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One module of `kinds`. gate: is searched in the folded question before anything else."""

    name: str
    gate: re.Pattern[str]
    answer: Callable[[Asked], Awaitable[InstantAnswer | None]]


@cache
def all_kinds() -> tuple[Kind, ...]:
    """In the order of their names; a question that two understand goes to the first."""
    names = sorted(module.name for module in iter_modules(kinds.__path__))
    modules = [import_module(f"{kinds.__name__}.{name}") for name in names]
    return tuple(
        Kind(name=module.__name__.rpartition(".")[2], gate=module.GATE, answer=module.answer)
        for module in modules
    )


async def instant_answer(
    text: str, *, locale: str, now: datetime, say: Callable[[str], str], sources: Sources
) -> InstantAnswer | None:
    """The answer to what was typed, or None when there is none that is certain.

    now: aware, in the installation's time zone. Questions of more than 300 letters have none.
    """
    if not text or len(text) > LONGEST_ASKED or not text.isprintable():
        return None
    plain = folded(text)
    asked = Asked(text=text.strip(), folded=plain, locale=locale, now=now, say=say, sources=sources)
    for kind in all_kinds():
        if kind.gate.search(plain):
            found = await kind.answer(asked)
            if found:
                return found
    return None
