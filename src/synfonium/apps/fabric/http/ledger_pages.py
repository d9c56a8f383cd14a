"""Who may see what: the ledger of a person's rights, one right, one thing; and the list to take along."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from synfonium.apps.fabric.contract import Apps, Letting
from synfonium.apps.fabric.http.ledger import Row, Wording, here
from synfonium.apps.fabric.http.score import NARROW, WIDE, by_holder, score
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import icon_of
from synfonium.common.ids import GrantId
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, get
from synfonium.kernel.i18n import _

LONGEST_QUERY = 100
_DEEDS = {
    "given": _("The right was given"),
    "revoked": _("The right was taken back"),
    "used": _("First access of the day"),
    "made": _("Made"),
    "written": _("Changed"),
    "moved": _("Moved or renamed"),
    "trashed": _("Put in the trash"),
    "restored": _("Brought back from the trash"),
    "removed": _("Removed for good"),
    "property": _("A property was changed"),
}


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One right in the list that is taken along. Times: ISO 8601, UTC; "" for never. uses_left: -1
    for any number. actions: parted by spaces. title: what the thing is called now. What is shared with people
    and by links has no grant, the origin `shared`, and whom it is shared with as its label."""

    grant: str
    app: str
    app_name: str
    app_origin: str
    subject: str
    label: str
    actions: str
    object: str
    title: str
    origin: str
    passed_on_from: str
    since: str
    until: str
    uses_left: int
    last_access: str


class TakenList(msgspec.Struct, frozen=True, kw_only=True):
    grants: tuple[Taken, ...]


async def _wording(actor: Person, request: AnyRequest, context: Context) -> Wording:
    assert context.pages is not None
    apps = await context.offer(Apps).all(actor.id)  # type: ignore[type-abstract]
    return Wording(context.pages.reader(request.scope).locale, apps, context.clock.now_s())


@get("/fabric/grants")
async def list_grants(
    actor: Person,
    request: AnyRequest,
    context: Context,
    app: str = "",
    q: str = "",
    done: str = "",
    count: int = 0,
    at: float = 0.0,
) -> Page:
    """done: the grant that was taken back just now, or `all` of an app (`count` of them, at the
    moment `at`), or `back`."""
    app, query = app[:30], q[:LONGEST_QUERY].strip()
    ledger, words = service_of(context).ledger, await _wording(actor, request, context)
    sheet = await ledger.sheet(actor.id, app=app, query=query)
    groups = words.groups(sheet.entries)
    ended = await ledger.ended(actor.id, GrantId(done)) if done not in ("", "all", "back", "ended") else None
    holders = [(group.who, [row.grant.id for row in group.rows]) for group in groups]
    held = by_holder(holders, sheet.uses)
    return Page(
        "fabric/grants.html",
        sheet=sheet,
        groups=groups,
        shared=[] if app or query else await ledger.lettings(actor.id),
        over=[words.row(one) for one in sheet.over],
        ended=[words.row(one) for one in sheet.ended],
        apps=[(one.name, words.called(one)) for one in sheet.apps],
        app=app,
        query=query,
        here=here(app, query),
        done=done,
        taken=words.row(ended) if ended else None,
        count=count,
        at=at,
        now_s=sheet.now_s,
        wide=score(held, WIDE, sheet.now_s),
        narrow=score(held, NARROW, sheet.now_s),
    )


@get("/fabric/grants/{grant:str}")
async def show_grant(
    actor: Person, request: AnyRequest, context: Context, grant: str, done: str = ""
) -> Page:
    words = await _wording(actor, request, context)
    story = await service_of(context).stories.of(actor.id, GrantId(grant))
    return Page(
        "fabric/grant.html",
        story=story,
        row=words.row(story.entry),
        above=[words.row(one) for one in story.above],
        cut=[words.row(one) for one in story.cut],
        deeds=[(one, _DEEDS.get(one.row.act.rpartition(".")[2], "")) for one in story.deeds],
        done=done,
        now_s=story.now_s,
    )


@get("/fabric/objects/grants")
async def show_object(
    actor: Person,
    request: AnyRequest,
    context: Context,
    address: Annotated[str, QueryParameter(name="address")],
    done: str = "",
) -> Page:
    """Who may see this one thing: rights to it, and to what it lies in."""
    words, ledger = await _wording(actor, request, context), service_of(context).ledger
    shown, entries = await ledger.on(actor.id, address)
    ended = await ledger.ended(actor.id, GrantId(done)) if done else None
    return Page(
        "fabric/object_grants.html",
        shown=shown,
        icon=icon_of(shown),
        shared=await ledger.lettings(actor.id, shown.path),
        groups=words.groups(entries),
        taken=words.row(ended) if ended else None,
        now_s=context.clock.now_s(),
    )


@get("/fabric/grants/list.json")
async def take_json(actor: Person, request: AnyRequest, context: Context) -> Response[TakenList]:
    found = TakenList(grants=tuple(await _taken(actor, request, context)))
    return Response(found, headers=_as_file("json"))


@get("/fabric/grants/list.csv")
async def take_csv(actor: Person, request: AnyRequest, context: Context) -> Response[bytes]:
    """With a byte order mark, without which spreadsheets take it for another encoding."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Taken.__struct_fields__)
    for one in await _taken(actor, request, context):
        writer.writerow([_cell(value) for value in msgspec.structs.astuple(one)])
    content = "\ufeff" + text.getvalue()
    return Response(content.encode(), media_type="text/csv; charset=utf-8", headers=_as_file("csv"))


def _as_file(kind: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="rights.{kind}"', "cache-control": "no-store"}


def _cell(value: object) -> object:
    """A title that begins like a formula stays text in every spreadsheet."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )


async def _taken(actor: Person, request: AnyRequest, context: Context) -> Sequence[Taken]:
    words = await _wording(actor, request, context)
    ledger = service_of(context).ledger
    entries = await ledger.all(actor.id)
    shared = await ledger.lettings(actor.id)
    return [*(_told(words.row(entry)) for entry in entries), *(_let(words, one) for one in shared)]


def _let(words: Wording, one: Letting) -> Taken:
    app = one.object.partition(":")[0]
    return Taken(
        grant="",
        app=app,
        app_name=words.name_of(app),
        app_origin="",
        subject="",
        label=one.who or one.kind,
        actions={"see": "read", "edit": "read write", "drop": "write"}[one.right],
        object=one.object,
        title=one.title,
        origin="shared",
        passed_on_from="",
        since=_moment(one.since_s),
        until=_moment(one.until_s),
        uses_left=-1,
        last_access="",
    )


def _told(row: Row) -> Taken:
    grant, app = row.grant, row.entry.app
    return Taken(
        grant=grant.id,
        app=grant.app,
        app_name=row.app,
        app_origin=app.origin if app else "",
        subject=grant.subject,
        label=grant.label if grant.origin != "delegated" else "",
        actions=" ".join(sorted(grant.actions)),
        object=grant.object,
        title=row.title,
        origin=grant.origin,
        passed_on_from=grant.parent,
        since=_moment(grant.since_s),
        until=_moment(grant.limits.until_s),
        uses_left=grant.limits.uses,
        last_access=_moment(grant.used_s),
    )


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="seconds") if time_s else ""


doors = (list_grants, show_grant, show_object, take_json, take_csv)
