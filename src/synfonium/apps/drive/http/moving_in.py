"""Moving in: where from, how far it is, and what could not come."""

from typing import Annotated, Literal

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.drive.http.service import service_of
from synfonium.apps.drive.model import NodeId
from synfonium.apps.drive.model.move_in import MoveIn, MoveInKind
from synfonium.apps.drive.moving.opened import movers_of
from synfonium.apps.drive.moving.wanted import Wanted
from synfonium.apps.drive.moving.words import said
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person, Scope
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/drive/move-in"
Owner = Annotated[Person, Scope("drive.write")]
Kind = Literal["", "nextcloud", "webdav", "s3", "takeout"]
SHOWN_LEFT = 200


class BeginForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of one kind of source sends."""

    kind: MoveInKind
    into: str = ""
    url: str = ""
    name: str = ""
    secret: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = ""
    archive: list[str] | str = ()  # type: ignore[assignment]
    notes: str = ""


class GoOnForm(msgspec.Struct, frozen=True, kw_only=True):
    secret: str = ""


class MoveInProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is; files and bytes are 0 until they have been counted."""

    state: str
    files: int
    bytes: int
    done: int
    done_bytes: int
    not_taken: int


BeginData = Annotated[BeginForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
GoOnData = Annotated[GoOnForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(HERE)
async def show(actor: Owner, context: Context, source: Kind = "") -> Page:
    """Where from, the form for it, and the jobs of before."""
    movers = movers_of(context)
    folders = await service_of(context).tree.folders(actor)
    return Page(
        "drive/move_in.html",
        kind=source,
        jobs=await movers.of(actor) if not source else (),
        archives=await movers.archives(actor) if source == "takeout" else (),
        folders=[folder.name for folder in folders.entries],
    )


@post(HERE)
async def begin(actor: Owner, context: Context, data: BeginData) -> See:
    """Begins a job, and leads to its page."""
    archives = [data.archive] if isinstance(data.archive, str) else data.archive
    wanted = Wanted(
        kind=data.kind,
        into=data.into,
        url=data.url,
        name=data.name,
        secret=data.secret,
        bucket=data.bucket,
        prefix=data.prefix,
        region=data.region,
        archives=tuple(NodeId(id_) for id_ in archives if id_),
        keeps_notes=bool(data.notes),
    )
    job = await movers_of(context).begin(actor, wanted)
    return See(f"{HERE}/{job.id}")


@get(f"{HERE}/{{job_id:str}}")
async def one(actor: Owner, context: Context, job_id: str) -> Page:
    """How far it is, and what could not come."""
    movers = movers_of(context)
    job = await movers.one(actor, job_id)
    return Page(
        "drive/move_in_one.html",
        job=job,
        why=said(job.why),
        left=await movers.not_taken(job, limit=SHOWN_LEFT) if job.not_taken else (),
        said=said,
        login_url=movers.login_url(job),
        took_s=max(1.0, (job.ended_s or context.clock.now_s()) - job.asked_s),
    )


@get(f"{HERE}/{{job_id:str}}/progress")
async def progress(actor: Owner, context: Context, job_id: str) -> MoveInProgress:
    """The numbers alone, for a page that stays open."""
    return _progress(await movers_of(context).one(actor, job_id))


def _progress(job: MoveIn) -> MoveInProgress:
    return MoveInProgress(
        state=job.state,
        files=job.files,
        bytes=job.bytes,
        done=job.done,
        done_bytes=job.done_bytes,
        not_taken=job.not_taken,
    )


@post(f"{HERE}/{{job_id:str}}/go-on")
async def go_on(actor: Owner, context: Context, job_id: str, data: GoOnData) -> See:
    """After a pause; with another password where that was why."""
    await movers_of(context).go_on(actor, job_id, data.secret)
    return See(f"{HERE}/{job_id}")


@post(f"{HERE}/{{job_id:str}}/{{act:str}}")
async def act(actor: Owner, context: Context, job_id: str, act: str) -> See:
    """Pauses, ends, or takes it out of the list."""
    movers = movers_of(context)
    done = {"pause": movers.pause, "cancel": movers.cancel, "remove": movers.remove}.get(act)
    if done is None:
        raise NotFound
    await done(actor, job_id)
    return See(HERE if act == "remove" else f"{HERE}/{job_id}")


doors = (show, begin, one, progress, go_on, act)
