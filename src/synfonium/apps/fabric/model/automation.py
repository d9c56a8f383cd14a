"""Rules of people: when something happens, then an action is done."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from synfonium.apps.fabric.contract import Object
from synfonium.apps.fabric.model.acts import filled
from synfonium.apps.fabric.model.grants import app_of
from synfonium.common.event import Event
from synfonium.common.ids import PersonId

SUBJECT = "{event.subject}"
NOTHING = "-"
MOST_STEPS = 3
"""So many rules may follow from one another."""
MOST_AN_HOUR = 100
MOST_FAILURES = 3
MOST_RULES = 100
NAMES = ("event.type", "event.subject", "object.title", "object.media_type", "object.page")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """When `event` happens to `object` or below it ("" for anything of the person's), then `action`
    is done with `target`, with `input`. media_type, title: patterns such as `image/*`, `*.pdf`;
    "" for any. target, input: texts in them may hold the names of NAMES in braces. paused_why:
    "" unless it was paused by itself: `failed` or `often`. failures: how often in a row.
    """

    id: str
    person: PersonId
    name: str
    event: str
    object: str = ""
    media_type: str = ""
    title: str = ""
    action: str
    target: str = ""
    input: dict[str, Any] = {}
    enabled: bool = True
    paused_why: str = ""
    failures: int = 0
    created_s: float = 0.0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a rule was to do something. chain: the rules that led to it, the first first.
    touched: what its action was done with (NOTHING for no object), then what came of it. path: where
    the subject lay then, as the fact says."""

    id: str
    rule: str
    person: PersonId
    event: str
    type: str
    subject: str
    event_s: float
    path: tuple[str, ...] = ()
    state: str = "waiting"
    chain: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    problem: str = ""
    started_s: float = 0.0
    ended_s: float = 0.0

    def has_caused(self, subject: str, path: Sequence[str]) -> bool:
        """Whether a fact of its time came of it: about just what it was done with, or about what
        it made and what lies in that. Another new thing in the same folder is no consequence."""
        return subject in self.touched or bool({*path} & {*self.touched[1:]})


def owner_of(event: Event) -> PersonId | None:
    """Whose rules hear it: of a fact that an app tells of its own object, the owner that it names."""
    owner = event.data.get("owner")
    is_own = event.source == app_of(event.subject) and event.type.startswith(f"{event.source}.")
    return PersonId(owner) if is_own and isinstance(owner, str) and owner else None


def fits(rule: Rule, subject: str, shown: Object | None, path: Sequence[str] = ()) -> bool:
    """Whether the rule is about this thing. Of one that cannot be seen any more it is known only where
    it lay: `path`."""
    is_below = not rule.object or rule.object in (subject, *(shown.path if shown else path))
    if shown is None:
        return is_below and not (rule.media_type or rule.title)
    is_kind = not rule.media_type or fnmatchcase(shown.media_type, rule.media_type.lower())
    return is_below and is_kind and (not rule.title or fnmatchcase(shown.title.lower(), rule.title.lower()))


def values_of(type_: str, subject: str, shown: Object | None) -> dict[str, str]:
    return {
        "event.type": type_,
        "event.subject": subject,
        "object.title": shown.title if shown else "",
        "object.media_type": shown.media_type if shown else "",
        "object.page": shown.page if shown else "",
    }


def deed_of(rule: Rule, values: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The object and the input that the rule means now."""
    target, input_ = filled(rule.target, values), filled(rule.input, values)
    assert isinstance(target, str)
    assert isinstance(input_, dict)
    return target, input_


def chain_of(rule: Rule, causes: Sequence[Run]) -> tuple[str, ...] | None:
    """The rules that lead to this run, or None when it would go round, or too far."""
    before = max((cause.chain for cause in causes), key=len, default=())
    return None if rule.id in before or len(before) >= MOST_STEPS else (*before, rule.id)
