"""Small pictures of the past, as numbers for a drawing of 100 units height."""

from collections.abc import Sequence

import msgspec

from synfonium.apps.operations.model.run import Run

_DAY_S = 86_400.0
HEIGHT = 100.0
_LEAST = 6.0


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One day. height: 0 without a backup; how much was added, beside the most of any day."""

    day: int
    height: float
    is_failed: bool
    is_tried: bool


def columns(runs: Sequence[Run], now_s: float, days: int) -> list[Column]:
    """The last `days` days, oldest first; the last one ends now."""
    begin_s = now_s - days * _DAY_S
    by_day: list[list[Run]] = [[] for _ in range(days)]
    for run in runs:
        at = int((run.begun_s - begin_s) // _DAY_S)
        if 0 <= at < days:
            by_day[at].append(run)
    added = [sum(r.added_bytes for r in found if _is(r, "backup", "done")) for found in by_day]
    most = max(added, default=0) or 1
    return [
        Column(
            day=days - 1 - at,
            height=max(_LEAST, HEIGHT * added[at] / most)
            if any(_is(r, "backup", "done") for r in found)
            else 0,
            is_failed=any(run.state == "failed" for run in found),
            is_tried=any(_is(run, "rehearsal", "done") for run in found),
        )
        for at, found in enumerate(by_day)
    ]


def _is(run: Run, kind: str, state: str) -> bool:
    return (run.kind, run.state) == (kind, state)


def line(points: Sequence[tuple[float, float]], now_s: float, width: float = 480.0) -> str:
    """Points of an SVG polyline over the last day; empty when there are fewer than two.

    points: moments in seconds and values, oldest first.
    """
    most = max((value for _, value in points), default=0.0) or 1.0
    begin_s = now_s - _DAY_S
    placed = [
        ((time_s - begin_s) / _DAY_S * width, HEIGHT - HEIGHT * 0.9 * value / most)
        for time_s, value in points
        if time_s >= begin_s
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in placed) if len(placed) > 1 else ""
