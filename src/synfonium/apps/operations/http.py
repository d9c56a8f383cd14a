"""Backups and health, for administrators."""

import platform
from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.operations.config import OperationsConfig
from synfonium.apps.operations.model.picture import columns, line
from synfonium.apps.operations.model.run import last_done, last_failed, next_backup_s, next_rehearsal_s
from synfonium.apps.operations.service import facts
from synfonium.apps.operations.service.backups import Now
from synfonium.apps.operations.service.checkup import CheckUp
from synfonium.apps.operations.service.keys import key_of
from synfonium.apps.operations.service.schedule import rhythm_of
from synfonium.apps.operations.store import pulses, runs
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.i18n import _
from synfonium.kernel.problems import wants_page
from synfonium.kernel.settled import last_upgrade

SHOWN_DAYS = 30
_DAY_S = 86_400.0
Admin = Annotated[Administrator, Impersonal("roles, checks, backups, and how many accounts there are")]


class WantForm(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["backup", "rehearsal"] = "backup"


@get("/admin/backups")
async def backups(actor: Admin, context: Context, said: str = "") -> Page:
    """The last backup and its last trial, the next ones, and the last thirty days."""
    return await _page(context, said=said)


@get("/admin/backups/now")
async def backups_now(actor: Admin, context: Context) -> Now:
    """What is being done at this moment."""
    return await _now(context)


@post("/admin/backups")
async def want(
    actor: Admin,
    request: AnyRequest,
    context: Context,
    data: Annotated[WantForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page | See:
    """Has a backup or a trial done by itself; the page shows how far it is."""
    try:
        await context.call("operations.want", {"kind": data.kind})
    except Problem as problem:
        if not wants_page(request.scope):
            raise
        return await _page(context, problem=problem)
    return See(f"/admin/backups?said={data.kind}")


async def _page(context: Context, *, said: str = "", problem: Problem | None = None) -> Page:
    config: OperationsConfig = context.config
    now_s, rhythm = context.clock.now_s(), rhythm_of(config)
    found = await context.database.read(lambda c: runs.since(c, now_s - SHOWN_DAYS * _DAY_S))
    latest = await context.database.read(runs.latest)
    return Page(
        "operations/backups.html",
        status=problem.status if problem else 200,
        problem=problem,
        said=said,
        config=config,
        is_bucket_left=context.settings.house.blobs.startswith("s3:") and not config.backup_bucket,
        has_key=key_of(context.home) is not None,
        backup=last_done(latest, "backup"),
        rehearsal=last_done(latest, "rehearsal"),
        failed=[run for run in (last_failed(latest, "backup"), last_failed(latest, "rehearsal")) if run],
        next_s=next_backup_s(latest, rhythm, now_s) if config.backup_to else None,
        next_trial_s=next_rehearsal_s(latest, rhythm, now_s) if config.backup_to else None,
        active=await _now(context),
        is_waiting=any(run.state == "waiting" for run in latest),
        picture=columns(found, now_s, SHOWN_DAYS),
        upgrade=last_upgrade(context.home),
        now_s=now_s,
    )


async def _now(context: Context) -> Now:
    try:
        return msgspec.convert(msgspec.to_builtins(await context.call("operations.now", {})), Now)
    except Problem:
        return Now()


@get("/admin", summary=_("Health"))
async def health(actor: Admin, context: Context) -> Page:
    """Whether all is well: every role, what the last check-up found, and the facts."""
    return await _health(context)


@post("/admin", summary=_("Health"))
async def check_up(actor: Admin, context: Context) -> See:
    """Has another check-up made."""
    await _check_up(context, anew=True)
    return See("/admin")


@get("/admin/health")
async def health_before(actor: Admin) -> See:
    """Where the check-up was."""
    return See("/admin")


async def _health(context: Context) -> Page:
    now_s, used = context.clock.now_s(), facts.disk_of(context)
    roles = await facts.roles(context)
    beats = {
        one.role: await context.database.read(lambda c, role=one.role: pulses.of_role(c, role))  # type: ignore[misc]
        for one in roles
    }
    return Page(
        "operations/health.html",
        roles=roles,
        role_words=facts.ROLE_WORDS,
        check_up=await _check_up(context),
        lines={
            role: line([(beat.time_s, float(beat.memory_bytes)) for beat in found], now_s)
            for role, found in beats.items()
        },
        people=await facts.people_count(context),
        used_bytes=used[0],
        disk_bytes=used[1],
        apps=[app.title for app in installed_apps() if app.path],
        version=facts.product_version(),
        python=platform.python_version(),
        public_url=context.site.public_url,
        now_s=now_s,
    )


async def _check_up(context: Context, *, anew: bool = False) -> CheckUp | None:
    """None when whoever makes it does not answer."""
    try:
        answer = await context.call("operations.check_up", {"anew": anew})
    except Problem:
        return None
    return msgspec.convert(msgspec.to_builtins(answer), CheckUp)


doors = [backups, backups_now, want, health, check_up, health_before]
