"""Looking at another person's data: with a reason, for a while, seen by that person."""

import msgspec

from synfonium.common.ids import PersonId

MOST_HOURS = 24
REASON_LENGTH = (10, 500)


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """`administrator` may look at what is `person`'s until `until_s`, for `reason`."""

    id: str
    person: PersonId
    administrator: PersonId
    reason: str
    asked_s: float
    until_s: float


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """Something that another did with what is a person's. who: what they are called, or empty
    for the operator of the machine. act: of the audit; words: the same for people (English
    gettext source), empty when there are none. reason, until_s: of the pass it was done by."""

    time_s: float
    who: str
    act: str
    words: str = ""
    reason: str = ""
    until_s: float = 0.0
