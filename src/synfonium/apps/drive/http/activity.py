"""What happened: of a whole drive, or of one file or folder."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby

import msgspec

from synfonium.apps.drive.http.pages import Reader, url_of
from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.http.words import icon_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.activity import SORTS, Sort, day_of
from synfonium.apps.drive.service.activity import Happening
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What happened on one day, the latest first. ago: how many days it is from today."""

    time_s: float
    ago: int
    happenings: Sequence[Happening]


@get("/drive/activity")
async def show(
    actor: Reader, context: Context, node: str = "", kind: str = "", by: str = "", before: int = 0
) -> Page:
    """What happened, by day. node: to it and below it alone; kind: of SORTS; by: `me`, `others`, or who."""
    service, sort = service_of(context), _sort(kind)
    found = await service.activity.of(
        actor, NodeId(node) if node else None, sort=sort, by=by[:26], before=max(before, 0)
    )
    path = await service.tree.path(actor, NodeId(node)) if node else []
    kept = {"node": node, "kind": sort, "by": by[:26]}
    return Page(
        "drive/activity.html",
        days=_days(found.happenings, day_of(context.clock.now_s())),
        before=found.before,
        is_first=not before,
        path=path,
        kept={key: value for key, value in kept.items() if value},
        name=next((one.name for one in found.happenings if one.person == by), ""),
        icon_of=icon_of,
        url_of=url_of,
    )


def _sort(text: str) -> Sort:
    """Of an address that anybody may have typed."""
    return next((sort for sort in SORTS if sort == text), "")


def _days(happenings: Sequence[Happening], today: date) -> list[Day]:
    grouped = groupby(happenings, key=lambda one: day_of(one.time_s))
    return [
        Day(time_s=found[0].time_s, ago=(today - day).days, happenings=found)
        for day, group in grouped
        if (found := tuple(group))
    ]


doors = (show,)
