"""Organisations and families of the installation, for its administrators."""

from typing import Annotated

import msgspec

from synfonium.apps.identity.contract import OrganisationKind
from synfonium.apps.identity.http.browser import Form, service_of
from synfonium.apps.identity.model.organisations import parse_size
from synfonium.common.problem import BadInput
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
    found, members = await service_of(context).organisations.all(after)
    return Page("identity/organisations.html", organisations=found, members=members)


@post(HERE)
async def add_organisation(actor: ProvedAdmin, context: Context, data: Form[OrganisationForm]) -> See:
    service = service_of(context)
    owner = await service.people.named(data.owner.strip().lower()) if data.owner.strip() else None
    made = await service.organisations.make(
        data.name,
        data.slug.strip().lower(),
        data.kind,
        by=actor.id,
        owner=owner.id if owner else None,
        total_bytes=checked_size(data.total, "total"),
        each_bytes=checked_size(data.each, "each"),
    )
    return See(f"/organisation/{made.slug}")


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
