"""Organisations and families of the installation, for its administrators."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.contract import OrganisationKind
from synfonium.apps.identity.errors import PersonUnknown
from synfonium.apps.identity.http.browser import Form, in_the_form, service_of
from synfonium.apps.identity.model.organisations import Organisation, parse_size
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Administrator, Impersonal, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/admin/organisations"
SHOWN = Impersonal("organisations and how many are in them")
Admin = Annotated[Administrator, SHOWN]
ProvedAdmin = Annotated[Administrator, SHOWN, Proved()]


class OrganisationForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    slug: str
    kind: OrganisationKind = "organisation"
    owner: str = ""
    total: str = ""
    each: str = ""


def checked_size(text: str, field: str) -> int | None:
    """Raises BadInput."""
    try:
        return parse_size(text)
    except ValueError:
        raise BadInput(field, _("A size is a number with a unit, such as 20 GB.")) from None


@get(HERE)
async def show_organisations(actor: Admin, context: Context, after: str = "") -> Page:
    return await _page(context, after)


async def _page(
    context: Context,
    after: str = "",
    refused: Problem | None = None,
    typed: OrganisationForm | None = None,
) -> Page:
    found, members = await service_of(context).organisations.all(after)
    return Page(
        "identity/organisations.html",
        status=refused.status if refused else 200,
        organisations=found,
        members=members,
        refused=refused,
        typed=typed or OrganisationForm(name="", slug=""),
    )


@post(HERE)
async def add_organisation(actor: ProvedAdmin, context: Context, data: Form[OrganisationForm]) -> Page | See:
    try:
        return See(f"/organisation/{(await _make(actor, context, data)).slug}")
    except PersonUnknown as refusal:
        return await _page(context, refused=refusal, typed=data)
    except Problem as refusal:
        return await _page(context, refused=in_the_form(refusal), typed=data)


async def _make(actor: Administrator, context: Context, data: OrganisationForm) -> Organisation:
    service = service_of(context)
    owner = await service.people.named(data.owner.strip().lower()) if data.owner.strip() else None
    return await service.organisations.make(
        data.name,
        data.slug.strip().lower(),
        data.kind,
        by=actor.id,
        owner=owner.id if owner else None,
        total_bytes=checked_size(data.total, "total"),
        each_bytes=checked_size(data.each, "each"),
    )


@post(f"{HERE}/{{slug:str}}/suspend")
async def suspend(actor: ProvedAdmin, context: Context, slug: str) -> See:
    organisations = service_of(context).organisations
    await organisations.suspend(await organisations.authority(actor, slug))
    return See(HERE)


@post(f"{HERE}/{{slug:str}}/resume")
async def resume(actor: ProvedAdmin, context: Context, slug: str) -> See:
    organisations = service_of(context).organisations
    await organisations.resume(await organisations.authority(actor, slug))
    return See(HERE)


doors = (show_organisations, add_organisation, suspend, resume)
