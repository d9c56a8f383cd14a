"""Backups and health, for administrators."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.operations.config import OperationsConfig
from synfonium.apps.operations.contract import Finding
from synfonium.apps.operations.model.picture import columns, line
from synfonium.apps.operations.model.run import last_done, last_failed, next_backup_s, next_rehearsal_s
from synfonium.apps.operations.service.backups import Now
from synfonium.apps.operations.service.doctor_command import told
from synfonium.apps.operations.service.keys import key_of
from synfonium.apps.operations.service.pulse import RoleNow
from synfonium.apps.operations.service.schedule import rhythm_of
from synfonium.apps.operations.store import pulses, runs
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.problems import wants_page
from synfonium.kernel.settled import last_upgrade

SHOWN_DAYS = 30
_DAY_S = 86_400.0
Admin = Annotated[Administrator, Impersonal("roles, checks and backups")]


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


@get("/admin/health")
async def health(actor: Admin, context: Context) -> Page:
    """How each role is and was over the last day, and what the doctor finds."""
    roles = msgspec.convert(msgspec.to_builtins(await context.call("operations.vitals", {})), list[RoleNow])
    answer = msgspec.to_builtins(await context.call("operations.doctor", {}))
    findings = msgspec.convert(answer, list[Finding])
    now_s = context.clock.now_s()
    beats = {
        one.role: await context.database.read(lambda c, role=one.role: pulses.of_role(c, role))  # type: ignore[misc]
        for one in roles
    }
    return Page(
        "operations/health.html",
        roles=roles,
        findings=findings,
        bad=sum(finding.state == "bad" for finding in findings),
        notes=sum(finding.state == "note" for finding in findings),
        lines={
            role: line([(beat.time_s, float(beat.memory_bytes)) for beat in found], now_s)
            for role, found in beats.items()
        },
        told=told,
        now_s=now_s,
    )


doors = [backups, backups_now, want, health]
