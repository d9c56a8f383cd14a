"""Outside providers and directories by which people may sign in, for administrators."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.model.outside import (
    ClientAuthentication,
    DirectorySettings,
    Newcomers,
    OpenIdSettings,
    Security,
)
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/admin/sign-in"
SHOWN = Impersonal("providers and directories, and none of their people")
Admin = Annotated[Administrator, SHOWN]
ProvedAdmin = Annotated[Administrator, SHOWN, Proved()]


class ProviderForm(msgspec.Struct, frozen=True, kw_only=True):
    """domains: separated by spaces or commas."""

    id: str
    label: str
    issuer: str
    client_id: str
    secret: str = ""
    authentication: ClientAuthentication = "client_secret_basic"
    newcomers: Newcomers = "linked"
    domains: str = ""
    groups_claim: str = "groups"
    is_local: str = ""
    organisation: str = ""


class DirectoryForm(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    host: str
    base: str
    port: int = 389
    security: Security = "starttls"
    bind_dn: str = ""
    secret: str = ""
    filter: str = "(objectClass=person)"
    name_attribute: str = "uid"
    id_attribute: str = "entryUUID"
    newcomers: Newcomers = "anyone"
    ca: str = ""
    organisation: str = ""


class OpenForm(msgspec.Struct, frozen=True):
    is_open: bool


@get(HERE, summary=_("Signing in"))
async def show_sources(actor: Admin, context: Context) -> Page:
    return await _page(context)


async def _page(
    context: Context,
    *,
    done: str = "",
    wrong: Problem | None = None,
    form: str = "",
    typed: ProviderForm | DirectoryForm | None = None,
) -> Page:
    sources = service_of(context).sources
    return Page(
        "identity/sources.html",
        status=wrong.status if wrong else 200,
        sources=await sources.all(),
        return_address=sources.return_address,
        done=done,
        wrong=wrong,
        form=form,
        typed=msgspec.structs.asdict(typed) if typed else {},
    )


@post(f"{HERE}/provider")
async def add_provider(actor: ProvedAdmin, context: Context, data: Form[ProviderForm]) -> Page:
    settings = OpenIdSettings(
        issuer=data.issuer,
        client_id=data.client_id,
        authentication=data.authentication,
        newcomers=data.newcomers,
        domains=tuple(data.domains.replace(",", " ").split()),
        groups_claim=data.groups_claim.strip() or "groups",
        is_local=bool(data.is_local),
        organisation=data.organisation.strip(),
    )
    try:
        await service_of(context).sources.add(data.id, data.label, settings, data.secret, by=actor.id)
    except Problem as refusal:
        return await _page(context, wrong=refusal, form="provider", typed=data)
    return await _page(context, done="added")


@post(f"{HERE}/directory")
async def add_directory(actor: ProvedAdmin, context: Context, data: Form[DirectoryForm]) -> Page:
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value != ""}
    settings = msgspec.convert(
        {"type": "ldap", **{k: v for k, v in given.items() if k not in ("id", "label", "secret")}},
        DirectorySettings,
    )
    try:
        await service_of(context).sources.add(data.id, data.label, settings, data.secret, by=actor.id)
    except Problem as refusal:
        return await _page(context, wrong=refusal, form="directory", typed=data)
    return await _page(context, done="added")


@post(f"{HERE}/{{source_id:str}}/check")
async def check(actor: ProvedAdmin, context: Context, source_id: str) -> Page:
    service = service_of(context)
    source = await service.sources.get(source_id)
    try:
        await (service.outside if source.kind == "oidc" else service.ldap).check(source)
    except Problem as refusal:
        return await _page(context, wrong=refusal)
    return await _page(context, done="checked")


@post(f"{HERE}/{{source_id:str}}/open")
async def set_open(actor: ProvedAdmin, context: Context, source_id: str, data: Form[OpenForm]) -> See:
    await service_of(context).sources.set_open(source_id, data.is_open, by=actor.id)
    return See(HERE)


@post(f"{HERE}/{{source_id:str}}/remove")
async def remove(actor: ProvedAdmin, context: Context, source_id: str) -> See:
    await service_of(context).sources.remove(source_id, by=actor.id)
    return See(HERE)


doors = (show_sources, add_provider, add_directory, check, set_open, remove)
