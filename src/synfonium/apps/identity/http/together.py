"""A person's families and organisations, and coming by an invitation."""

import msgspec

from synfonium.apps.identity.errors import NameTaken
from synfonium.apps.identity.http.browser import Form, refuse_other_sites, service_of
from synfonium.common.problem import BadInput, Forbidden
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

FAMILY = "/settings/family"


class FamilyForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    slug: str


class AcceptForm(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    name: str = ""
    display: str = ""


@get(FAMILY)
async def show_family(actor: Person, context: Context) -> Page:
    memberships = service_of(context).memberships
    return Page(
        "identity/family.html",
        joined=await memberships.of_person(actor.id),
        quota=await memberships.quota_of(actor.id),
        may_make=context.config.people_make_families,
    )


@post(FAMILY)
async def make_family(actor: Person, context: Context, data: Form[FamilyForm]) -> See:
    """Where the operator lets people; how much it may store is for the installation to say."""
    if not actor.by_session or not context.config.people_make_families:
        raise Forbidden
    made = await service_of(context).organisations.make(
        data.name, data.slug.strip().lower(), "family", by=actor.id, owner=actor.id
    )
    return See(f"/organisation/{made.slug}/invitations")


@get("/invitation/{link:str}")
async def show_invitation(actor: Person | Visitor, context: Context, link: str) -> Page:
    return await _page(context, AcceptForm(link=link))


async def _page(
    context: Context, form: AcceptForm, field: str = "", reason: str = "", status: int = 200
) -> Page:
    return Page(
        "identity/invitation.html",
        status=status,
        shown=await service_of(context).invitations.look(form.link),
        link=form.link,
        name=form.name[:40],
        called=form.display[:80],
        wrong={field: reason} if field else {},
    )


@post("/invitation/new")
async def accept_as_new(
    actor: Visitor, request: AnyRequest, context: Context, data: Form[AcceptForm]
) -> See | Page:
    """Goes on to the one-time link at which one chooses how to sign in."""
    refuse_other_sites(request, context)
    name = data.name.strip().lower()
    try:
        url = await service_of(context).invitations.accept_as_new(data.link, name, data.display)
    except BadInput as refusal:
        return await _page(context, data, str(refusal.values["field"]), str(refusal.values["reason"]), 422)
    except NameTaken as refusal:
        return await _page(context, data, "name", refusal.title, refusal.status)
    return See(url.removeprefix(context.site.public_url))


@post("/invitation/join")
async def accept(actor: Person, context: Context, data: Form[AcceptForm]) -> See:
    if not actor.by_session:
        raise Forbidden
    organisation = await service_of(context).invitations.accept(data.link, actor.id)
    return See(f"/organisation/{organisation.slug}" if organisation else "/")


doors = (show_family, make_family, show_invitation, accept_as_new, accept)
