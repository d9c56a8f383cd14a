"""One organisation or family: groups, invitations, storage, its directory, and leaving it."""

import msgspec

from synfonium.apps.identity.contract import Role
from synfonium.apps.identity.http.browser import Form, in_the_form, locale_of, service_of
from synfonium.apps.identity.http.organisation import (
    HERE,
    Delegate,
    ProvedDelegate,
    authority_of,
    chosen,
    common,
)
from synfonium.apps.identity.http.organisations import checked_size
from synfonium.apps.identity.service.invitations import Wish
from synfonium.apps.identity.service.organisations import Authority
from synfonium.common.problem import Problem
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post


class NameForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class InvitationForm(msgspec.Struct, frozen=True, kw_only=True):
    role: Role = "member"
    group: str | list[str] = []
    email: str = ""
    uses: int = 1
    days: int = 7


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    each: str = ""
    total: str | None = None


class LabelForm(msgspec.Struct, frozen=True, kw_only=True):
    label: str


@get(f"{HERE}/groups")
async def show_groups(actor: Delegate, context: Context, slug: str) -> Page:
    return await _groups(context, await authority_of(actor, context, slug))


async def _groups(
    context: Context, authority: Authority, refused: Problem | None = None, name: str = ""
) -> Page:
    groups, sizes = await service_of(context).groups.all(authority)
    return Page(
        "identity/organisation_groups.html",
        status=refused.status if refused else 200,
        groups=groups,
        sizes=sizes,
        refused=refused,
        name=name[:80],
        **common(authority),
    )


@post(f"{HERE}/groups")
async def add_group(actor: Delegate, context: Context, slug: str, data: Form[NameForm]) -> Page | See:
    authority = await authority_of(actor, context, slug)
    try:
        await service_of(context).groups.add(authority, data.name)
    except Problem as refusal:
        return await _groups(context, authority, in_the_form(refusal), data.name)
    return See(f"/organisation/{slug}/groups")


@post(f"{HERE}/groups/{{group_id:str}}/rename")
async def rename_group(
    actor: Delegate, context: Context, slug: str, group_id: str, data: Form[NameForm]
) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).groups.rename(authority, group_id, data.name)
    return See(f"/organisation/{slug}/groups")


@post(f"{HERE}/groups/{{group_id:str}}/remove")
async def remove_group(actor: Delegate, context: Context, slug: str, group_id: str) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).groups.remove(authority, group_id)
    return See(f"/organisation/{slug}/groups")


@get(f"{HERE}/invitations")
async def show_invitations(actor: Delegate, context: Context, slug: str) -> Page:
    return await _invitations(context, await authority_of(actor, context, slug))


async def _invitations(
    context: Context,
    authority: Authority,
    *,
    link: str = "",
    sent: str = "",
    refused: Problem | None = None,
    typed: InvitationForm | None = None,
) -> Page:
    service = service_of(context)
    groups, _sizes = await service.groups.all(authority)
    found, came = await service.invitations.all(authority)
    return Page(
        "identity/organisation_invitations.html",
        status=refused.status if refused else 200,
        refused=refused,
        typed=typed or InvitationForm(),
        inside=chosen(typed.group) if typed else (),
        invitations=found,
        came=came,
        groups=groups,
        names={group.id: group.name for group in groups},
        now_s=context.clock.now_s(),
        link=link,
        sent=sent,
        **common(authority),
    )


@post(f"{HERE}/invitations")
async def add_invitation(
    actor: ProvedDelegate, request: AnyRequest, context: Context, slug: str, data: Form[InvitationForm]
) -> Page:
    """Shows the link this once; a letter carries it too when there is an address."""
    authority = await authority_of(actor, context, slug)
    wish = Wish(
        role=data.role,
        groups=chosen(data.group),
        email=data.email.strip(),
        uses=data.uses,
        days=data.days,
        locale=locale_of(request, context),
    )
    try:
        link = await service_of(context).invitations.make(authority, wish, by=actor.id)
    except Problem as refusal:
        return await _invitations(context, authority, refused=in_the_form(refusal), typed=data)
    return await _invitations(context, authority, link=link, sent=wish.email)


@post(f"{HERE}/invitations/{{invitation_id:str}}/revoke")
async def revoke_invitation(actor: Delegate, context: Context, slug: str, invitation_id: str) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).invitations.revoke(authority, invitation_id, by=actor.id)
    return See(f"/organisation/{slug}/invitations")


@get(f"{HERE}/settings")
async def show_settings(actor: Delegate, context: Context, slug: str) -> Page:
    return await _settings(context, await authority_of(actor, context, slug))


async def _settings(
    context: Context,
    authority: Authority,
    *,
    token: str = "",
    refused: Problem | None = None,
    typed: SettingsForm | None = None,
) -> Page:
    slug = authority.organisation.slug
    return Page(
        "identity/organisation_settings.html",
        status=refused.status if refused else 200,
        refused=refused,
        typed=typed,
        tokens=await service_of(context).directories.of(authority),
        fresh_token=token,
        scim_url=f"{context.site.public_url}/scim/v2/{slug}",
        **common(authority),
    )


@post(f"{HERE}/settings")
async def change_settings(
    actor: Delegate, context: Context, slug: str, data: Form[SettingsForm]
) -> Page | See:
    authority = await authority_of(actor, context, slug)
    try:
        await _change_settings(context, authority, data)
    except Problem as refusal:
        return await _settings(context, authority, refused=in_the_form(refusal), typed=data)
    return See(f"/organisation/{slug}/settings")


async def _change_settings(context: Context, authority: Authority, data: SettingsForm) -> None:
    organisations = service_of(context).organisations
    total = authority.organisation.total_bytes
    if data.total is not None and authority.is_above_all:
        total = checked_size(data.total, "total")
    await organisations.set_quotas(authority, total_bytes=total, each_bytes=checked_size(data.each, "each"))
    if data.name.strip() != authority.organisation.name:
        await organisations.rename(authority, data.name)


@post(f"{HERE}/directory")
async def add_directory(actor: ProvedDelegate, context: Context, slug: str, data: Form[LabelForm]) -> Page:
    authority = await authority_of(actor, context, slug, "owner")
    token = await service_of(context).directories.add(authority, data.label)
    return await _settings(context, authority, token=token)


@post(f"{HERE}/directory/{{token_id:str}}/revoke")
async def revoke_directory(actor: Delegate, context: Context, slug: str, token_id: str) -> See:
    authority = await authority_of(actor, context, slug, "owner")
    await service_of(context).directories.revoke(authority, token_id)
    return See(f"/organisation/{slug}/settings")


@post(f"{HERE}/remove")
async def remove_organisation(actor: ProvedDelegate, context: Context, slug: str) -> See:
    authority = await authority_of(actor, context, slug, "owner")
    await service_of(context).organisations.remove(authority)
    return See("/admin/organisations" if authority.is_above_all else "/settings/family")


@post(f"{HERE}/leave")
async def leave(actor: Delegate, context: Context, slug: str) -> See:
    authority = await authority_of(actor, context, slug, "member")
    await service_of(context).members.leave(authority)
    return See("/settings/family")


doors = (
    show_groups,
    add_group,
    rename_group,
    remove_group,
    show_invitations,
    add_invitation,
    revoke_invitation,
    show_settings,
    change_settings,
    add_directory,
    revoke_directory,
    remove_organisation,
    leave,
)
