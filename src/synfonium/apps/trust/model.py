"""What the pages of the audit show."""

from datetime import UTC, datetime

import msgspec

PAGE = 50
ID_LENGTH = 26


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator looks for. since, until: days in UTC, empty for none; before: where
    the next page begins, in seconds."""

    act: str = ""
    person: str = ""
    app: str = ""
    since: str = ""
    until: str = ""
    before: float = 0.0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row for people. who: a name only of who administers or runs the installation."""

    app: str
    seq: int
    time_s: float
    who: str
    is_named: bool
    act: str
    subject: str
    by_app: str


def day_s(text: str) -> float:
    """The beginning of a day in UTC. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
