"""The score above the ledger: a line for each who holds a right, time from left to right.

An open note has seen, a filled one with a stem has changed, one in brass is at it now. Only
numbers for presentation attributes of SVG; what it looks like stands in the style sheet.
"""

from collections.abc import Mapping, Sequence

import msgspec

from synfonium.apps.fabric.model.uses import DAY_S, Use, day_of
from synfonium.common.ids import GrantId

MOST_LINES = 12
LIVE_S = 120.0


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Where things stand, in units of the drawing. stem: upwards below 0."""

    days: int
    first_x: float
    day_x: float
    first_y: float
    line_y: float


WIDE = Layout(days=28, first_x=190, day_x=28.8, first_y=20, line_y=38)
NARROW = Layout(days=10, first_x=24, day_x=33, first_y=36, line_y=56)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    x: float
    is_change: bool
    is_live: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """days: on how many of the last four weeks there was an access."""

    name: str
    y: float
    notes: tuple[Note, ...]
    days: int


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    x: float
    time_s: float


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """left_out: how many lines are not drawn."""

    lines: tuple[Line, ...]
    bars: tuple[Bar, ...]
    top: float
    bottom: float
    left_out: int


def score(held: Sequence[tuple[str, Sequence[Use]]], layout: Layout, now_s: float) -> Score:
    """held: who, and all uses of what they hold."""
    first = day_of(now_s) - layout.days + 1
    lines = tuple(
        Line(
            name=name,
            y=layout.first_y + number * layout.line_y,
            notes=tuple(_notes(uses, layout, first, now_s)),
            days=len({use.day for use in uses}),
        )
        for number, (name, uses) in enumerate(held[:MOST_LINES])
    )
    return Score(
        lines=lines,
        bars=tuple(_bars(layout, first)),
        top=layout.first_y,
        bottom=layout.first_y + (len(lines) - 1) * layout.line_y,
        left_out=max(0, len(held) - MOST_LINES),
    )


def _notes(uses: Sequence[Use], layout: Layout, first: int, now_s: float) -> Sequence[Note]:
    by_day: dict[int, list[Use]] = {}
    for use in uses:
        if use.day >= first:
            by_day.setdefault(use.day, []).append(use)
    return [
        Note(
            x=round(layout.first_x + (day - first) * layout.day_x, 1),
            is_change=any(use.is_change for use in found),
            is_live=any(now_s - use.last_s < LIVE_S for use in found),
        )
        for day, found in sorted(by_day.items())
    ]


def _bars(layout: Layout, first: int) -> Sequence[Bar]:
    """One a week, the last a week before tomorrow."""
    return [
        Bar(x=round(layout.first_x + day * layout.day_x, 1), time_s=(first + day + 0.5) * DAY_S)
        for day in range(layout.days)
        if (layout.days - day) % 7 == 0
    ]


def by_holder(
    holders: Sequence[tuple[str, Sequence[GrantId]]], uses: Mapping[GrantId, Sequence[Use]]
) -> list[tuple[str, Sequence[Use]]]:
    """Names and ids of their grants, to names and uses."""
    return [(name, [use for one in ids for use in uses.get(one, ())]) for name, ids in holders]
