"""Pages on which apps are added by their manifest: a person's own, and for everybody."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.fabric.contract import Manifest, in_language
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import needs_session
from synfonium.apps.fabric.model.findings import Finding
from synfonium.apps.fabric.model.manifest import LARGEST_BYTES, manifest_schema, parse_manifest
from synfonium.apps.fabric.service.registering import EVERYBODY, Installed
from synfonium.apps.fabric.store.apps import Row
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Administrator, Impersonal, Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.i18n import _
from synfonium.kernel.problems import words

MINE = "/fabric/apps"
ALL = "/admin/fabric-apps"
SCHEMA = "/fabric/manifest.schema.json"
EXCERPT = 100
_OTHER_ID = _("This is the manifest of another app: its id differs.")
_FORM_STATUSES = (409, 422)
Admin = Annotated[Administrator, Impersonal("apps that were added for everybody")]


class ManifestForm(msgspec.Struct, kw_only=True):
    """manifest: its text; file: goes before it when there is one. act: `check` registers nothing."""

    manifest: str = ""
    origin: Annotated[str, msgspec.Meta(max_length=500)] = ""
    act: str = ""
    file: UploadFile | None = None


class NewAppForm(ManifestForm, kw_only=True):
    """The same, for an app that is not there yet: where it lives is a part of the form."""

    origin: Annotated[str, msgspec.Meta(max_length=500)]


Multipart = Annotated[ManifestForm, Body(media_type=RequestEncodingType.MULTI_PART)]
NewMultipart = Annotated[NewAppForm, Body(media_type=RequestEncodingType.MULTI_PART)]


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as people read it. excerpt: of its line, around its column."""

    line: int
    column: int
    is_error: bool
    sentence: str
    rule: str
    excerpt: str


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form again."""

    manifest: str = ""
    origin: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Whose apps a page is about. name: of the tabs that it stands in."""

    name: str
    path: str
    owner: PersonId
    by: PersonId


_EMPTY = Typed()


def _own(actor: Person) -> Group:
    return Group(name="settings", path=MINE, owner=actor.id, by=actor.id)


def _everybodys(actor: Person) -> Group:
    return Group(name="administration", path=ALL, owner=EVERYBODY, by=actor.id)


@get(SCHEMA)
async def schema(actor: Visitor) -> Response[dict[str, Any]]:
    """The JSON Schema (2020-12) of `synfonium.app.json`, for editors and for whoever checks one."""
    return Response(manifest_schema(), media_type="application/schema+json")


@get(MINE)
async def show_mine(actor: Person, context: Context, request: AnyRequest) -> Page:
    return await _all(_own(actor), context, request)


@post(MINE)
async def add_mine(actor: Person, context: Context, request: AnyRequest, data: NewMultipart) -> Page:
    """Shows the app's secrets, this once."""
    needs_session(actor)
    return await _add(_own(actor), context, request, data)


@get(f"{MINE}/{{name:str}}")
async def show_one(actor: Person, context: Context, request: AnyRequest, name: str) -> Page:
    return await _one(_own(actor), context, request, name)


@post(f"{MINE}/{{name:str}}")
async def change_one(
    actor: Person, context: Context, request: AnyRequest, name: str, data: Multipart
) -> Page:
    needs_session(actor)
    return await _change(_own(actor), context, request, name, data)


@post(f"{MINE}/{{name:str}}/secret")
async def renew_one(actor: Person, context: Context, request: AnyRequest, name: str) -> Page:
    needs_session(actor)
    return await _renew(_own(actor), context, request, name)


@post(f"{MINE}/{{name:str}}/resume")
async def resume_one(actor: Person, context: Context, name: str) -> See:
    needs_session(actor)
    return await _resume(_own(actor), context, name)


@post(f"{MINE}/{{name:str}}/remove")
async def remove_one(actor: Person, context: Context, name: str) -> See:
    needs_session(actor)
    return await _remove(_own(actor), context, name)


@get(ALL)
async def show_all(actor: Admin, context: Context, request: AnyRequest) -> Page:
    return await _all(_everybodys(actor), context, request)


@post(ALL)
async def add_for_all(actor: Admin, context: Context, request: AnyRequest, data: NewMultipart) -> Page:
    """Shows the app's secrets, this once."""
    return await _add(_everybodys(actor), context, request, data)


@get(f"{ALL}/{{name:str}}")
async def show_one_for_all(actor: Admin, context: Context, request: AnyRequest, name: str) -> Page:
    return await _one(_everybodys(actor), context, request, name)


@post(f"{ALL}/{{name:str}}")
async def change_for_all(
    actor: Admin, context: Context, request: AnyRequest, name: str, data: Multipart
) -> Page:
    return await _change(_everybodys(actor), context, request, name, data)


@post(f"{ALL}/{{name:str}}/secret")
async def renew_for_all(actor: Admin, context: Context, request: AnyRequest, name: str) -> Page:
    return await _renew(_everybodys(actor), context, request, name)


@post(f"{ALL}/{{name:str}}/resume")
async def resume_for_all(actor: Admin, context: Context, name: str) -> See:
    return await _resume(_everybodys(actor), context, name)


@post(f"{ALL}/{{name:str}}/remove")
async def remove_for_all(actor: Admin, context: Context, name: str) -> See:
    return await _remove(_everybodys(actor), context, name)


async def _all(
    group: Group,
    context: Context,
    request: AnyRequest,
    *,
    status: int = 200,
    wrong: str = "",
    is_checked: bool = False,
    findings: Sequence[FindingView] = (),
    typed: Typed = _EMPTY,
) -> Page:
    rows = await service_of(context).registering.all(group.owner)
    return Page(
        "fabric/apps.html",
        status=status,
        group=group,
        apps=[(row, await _name_of(row, context, request)) for row in rows],
        troubled=await service_of(context).webhooks.troubled(),
        wrong=wrong,
        is_checked=is_checked,
        findings=findings,
        typed=typed,
        schema=SCHEMA,
    )


async def _name_of(row: Row, context: Context, request: AnyRequest) -> str:
    app = await service_of(context).registry.by_name(row.name)
    return in_language(app.manifest.name, _locale(context, request)) if app else row.name


async def _add(group: Group, context: Context, request: AnyRequest, data: ManifestForm) -> Page:
    content = await _content(data)
    typed = Typed(manifest=content.decode("utf-8", "replace"), origin=data.origin)
    registering = service_of(context).registering
    parsed = registering.parse(content)
    findings = [_view(one, content, context, request) for one in parsed.findings]
    if data.act == "check" or not parsed.manifest:
        status = 200 if parsed.manifest else 422
        return await _all(
            group, context, request, status=status, is_checked=True, findings=findings, typed=typed
        )
    try:
        app = await registering.install(content, data.origin, by=group.by, owner=group.owner)
    except Problem as problem:
        wrong = _refusal(problem, context, request)
        return await _all(
            group, context, request, status=problem.status, wrong=wrong, findings=findings, typed=typed
        )
    return await _one(group, context, request, app.name, fresh=app, findings=findings)


async def _one(
    group: Group,
    context: Context,
    request: AnyRequest,
    name: str,
    *,
    fresh: Installed | None = None,
    status: int = 200,
    wrong: str = "",
    findings: Sequence[FindingView] = (),
    typed: str = "",
) -> Page:
    row, content = await service_of(context).registering.of(name, group.owner)
    manifest = parse_manifest(content).manifest
    listens = manifest.synfonium.listens if manifest else None
    webhooks = service_of(context).webhooks
    return Page(
        "fabric/app.html",
        status=status,
        headers={"cache-control": "no-store"},
        group=group,
        app=row,
        name=in_language(manifest.name, _locale(context, request)) if manifest else row.name,
        asks=_asks(manifest),
        told=await webhooks.deliveries_of(row.name) if listens and listens.door else None,
        text=typed or content.decode(),
        fresh=fresh,
        wrong=wrong,
        findings=findings,
        issuer=context.site.public_url,
        schema=SCHEMA,
    )


def _asks(manifest: Manifest | None) -> list[tuple[str, str]]:
    asks = manifest.synfonium.asks if manifest else {}
    return [(interface, ", ".join(actions)) for interface, actions in sorted(asks.items())]


async def _change(group: Group, context: Context, request: AnyRequest, name: str, data: ManifestForm) -> Page:
    content = await _content(data)
    registering = service_of(context).registering
    row, _before = await registering.of(name, group.owner)
    parsed = registering.parse(content)
    findings = [_view(one, content, context, request) for one in parsed.findings]
    typed = content.decode("utf-8", "replace")
    if not parsed.manifest:
        return await _one(group, context, request, name, status=422, findings=findings, typed=typed)
    try:
        if parsed.manifest.id != name:
            raise BadInput("id", _OTHER_ID)
        app = await registering.install(content, row.origin, by=group.by, owner=group.owner)
    except Problem as problem:
        wrong = _refusal(problem, context, request)
        return await _one(group, context, request, name, status=problem.status, wrong=wrong, typed=typed)
    return await _one(group, context, request, name, fresh=app, findings=findings)


async def _renew(group: Group, context: Context, request: AnyRequest, name: str) -> Page:
    fresh = await service_of(context).registering.renew(name, owner=group.owner, by=group.by)
    return await _one(group, context, request, name, fresh=fresh)


async def _resume(group: Group, context: Context, name: str) -> See:
    """It is told again from now on: who looks after it says that it is well."""
    row, _content = await service_of(context).registering.of(name, group.owner)
    await service_of(context).webhooks.resume(row.name)
    return See(f"{group.path}/{row.name}")


async def _remove(group: Group, context: Context, name: str) -> See:
    await service_of(context).registering.remove(name, by=group.by, owner=group.owner)
    return See(group.path)


async def _content(data: ManifestForm) -> bytes:
    """The file, or what was typed, with the line ends of a file; a byte more than is read."""
    if data.file is not None and data.file.filename:
        return await data.file.read(LARGEST_BYTES + 1)
    return data.manifest.replace("\r\n", "\n").encode("utf-8", "surrogatepass")


def _refusal(problem: Problem, context: Context, request: AnyRequest) -> str:
    """In words, for the page of the form; raises it again when typing something else does not help."""
    if problem.status not in _FORM_STATUSES:
        raise problem
    assert context.pages is not None
    title, remedy = words(problem, context.pages.catalogue(_locale(context, request)))
    return remedy if isinstance(problem, BadInput) else f"{title} {remedy}"


def _view(finding: Finding, content: bytes, context: Context, request: AnyRequest) -> FindingView:
    assert context.pages is not None
    translate = context.pages.catalogue(_locale(context, request)).gettext
    return FindingView(
        line=finding.line,
        column=finding.column,
        is_error=finding.severity == "error",
        sentence=finding.sentence(translate),
        rule=finding.rule,
        excerpt=_excerpt(content, finding),
    )


def _excerpt(content: bytes, finding: Finding) -> str:
    lines = content[: LARGEST_BYTES + 1].decode("utf-8", "replace").split("\n")
    line = lines[finding.line - 1] if finding.line <= len(lines) else ""
    begin = max(0, finding.column - 1 - EXCERPT // 2)
    return line[begin : begin + EXCERPT].rstrip()


def _locale(context: Context, request: AnyRequest) -> str:
    assert context.pages is not None
    return context.pages.reader(request.scope).locale


doors = (
    schema,
    show_mine,
    add_mine,
    show_one,
    change_one,
    renew_one,
    resume_one,
    remove_one,
    show_all,
    add_for_all,
    show_one_for_all,
    change_for_all,
    renew_for_all,
    resume_for_all,
    remove_for_all,
)
