"""The page of the audit, the report of promises, and the key that anybody may check them with."""

from typing import Annotated

import msgspec
from litestar import Response

from synfonium.apps.trust.model import ID_LENGTH, Search, SignedReport
from synfonium.apps.trust.service import audit as service
from synfonium.apps.trust.service.report import Reports
from synfonium.common.ids import PersonId
from synfonium.kernel.actor import Administrator, Impersonal, NeedsPass, Proved, Visitor
from synfonium.kernel.audit.heads import fingerprint, read_public_key
from synfonium.kernel.audit.verify import Verdict
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, get, needs_pass, post

HERE = "/admin/audit"
FOLLOW = "trust.audit.follow"
SHOWN = Impersonal("rows under pseudonyms")
Admin = Annotated[Administrator, SHOWN]
ProvedAdmin = Annotated[Administrator, SHOWN, Proved()]
Reading = Annotated[Administrator, NeedsPass(FOLLOW, person="")]


@get(HERE, summary="Audit")
async def show(
    actor: Reading,
    context: Context,
    act: str = "",
    person: str = "",
    app: str = "",
    since: str = "",
    until: str = "",
    before: float = 0.0,
) -> Page:
    """Rows of the installation, the newest first; to follow one person takes a pass."""
    if len(person) == ID_LENGTH:
        await needs_pass(context, actor, PersonId(person), FOLLOW)
    asked = Search(act=act, person=person, app=app, since=since, until=until, before=before)
    return await _page(context, asked)


async def _page(context: Context, asked: Search, verdicts: list[Verdict] | None = None) -> Page:
    lines, next_before = await service.search(context, asked)
    return Page(
        "trust/audit.html",
        lines=lines,
        next_before=next_before,
        asked=msgspec.structs.asdict(asked),
        audited=await service.apps_with_audit(context),
        verdicts=verdicts,
        fingerprint=fingerprint(read_public_key(service.public_key(context))),
        now_s=context.clock.now_s(),
    )


@post(f"{HERE}/verify")
async def check(actor: Admin, context: Context) -> Page:
    """Checks every row, head and file, and shows how that ended."""
    return await _page(context, Search(), list(await service.verify(context)))


@post(f"{HERE}/export")
async def export(actor: ProvedAdmin, context: Context) -> Response[bytes]:
    content = await service.export_for_download(context)
    return Response(
        content,
        media_type="application/jsonl",
        headers={"content-disposition": 'attachment; filename="audit.jsonl"', "cache-control": "no-store"},
    )


@get("/trust/audit.pem")
async def key(actor: Visitor, context: Context) -> Response[str]:
    return Response(service.public_key(context), media_type="application/x-pem-file")


@get("/trust/report.json")
async def last_report(actor: Visitor, context: Context) -> Response[SignedReport]:
    """What this installation promises and how its last try ended, signed. Raises NoReport."""
    reports: Reports = context.service
    return Response(reports.last(), headers={"cache-control": "no-store"})


doors = (show, check, export, key, last_report)
