"""One organisation or family: its members, for those who look after it."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from synfonium.apps.identity.contract import Role
from synfonium.apps.identity.http.browser import Form, in_the_form, service_of
from synfonium.apps.identity.http.organisations import checked_size
from synfonium.apps.identity.model.organisations import RANKS, outranks
from synfonium.apps.identity.model.people import Account
from synfonium.apps.identity.service.members import NewMember, checked_lines
from synfonium.apps.identity.service.organisations import Authority
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel.actor import DelegatedAdministrator, Impersonal, NeedsPass, Proved
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/organisation/{slug:str}"
MEMBER = f"{HERE}/members/{{person_id:str}}"
ROLES: tuple[Role, ...] = ("member", "administrator", "owner")
ENTRIES = Impersonal("entries of members: names, roles, groups, what they may store")
Delegate = Annotated[DelegatedAdministrator, ENTRIES]
ProvedDelegate = Annotated[DelegatedAdministrator, ENTRIES, Proved()]
# Whoever has a sign-in link comes in as that person, and sees all that is theirs.
LinkMaker = Annotated[DelegatedAdministrator, NeedsPass("identity.link.make", person=""), Proved()]


class AddForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    display: str = ""
    role: Role = "member"
    group: str | list[str] = []


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    lines: str


class MemberForm(msgspec.Struct, frozen=True, kw_only=True):
    role: Role | None = None
    group: str | list[str] = []
    quota: str = ""


def chosen(group: str | list[str]) -> tuple[str, ...]:
    """A form sends one value as a text and several as a list."""
    return tuple(one for one in ([group] if isinstance(group, str) else group) if one)


async def authority_of(
    actor: DelegatedAdministrator, context: Context, slug: str, least: Role = "administrator"
) -> Authority:
    return await service_of(context).organisations.authority(actor, slug, least)


def common(authority: Authority) -> dict[str, Any]:
    """What each page of an organisation shows."""
    return {
        "organisation": authority.organisation,
        "is_owner": authority.rank >= RANKS["owner"],
        "is_above_all": authority.is_above_all,
        "base": f"/organisation/{authority.organisation.slug}",
        "roles": [role for role in ROLES if outranks(authority.rank, role)],
        "may_change": lambda role: outranks(authority.rank, role),
    }


@get(HERE)
async def show_members(
    actor: Delegate, context: Context, slug: str, q: str = "", group: str = "", after: str = ""
) -> Page:
    authority = await authority_of(actor, context, slug, "member")
    if authority.rank < RANKS["administrator"]:
        return await _mine(actor, context, authority)
    return await _page(context, authority, q=q, group=group, after=after)


async def _mine(actor: DelegatedAdministrator, context: Context, authority: Authority) -> Page:
    """What a plain member sees: their own part."""
    found = await service_of(context).memberships.of_person(actor.id)
    mine = [one for one in found if one.organisation == authority.organisation.id]
    quota = await service_of(context).memberships.quota_of(actor.id)
    return Page("identity/organisation_mine.html", mine=mine[0], quota=quota, **common(authority))


async def _page(
    context: Context,
    authority: Authority,
    *,
    q: str = "",
    group: str = "",
    after: str = "",
    link: str = "",
    called: str = "",
    refused: Problem | None = None,
    typed: AddForm | None = None,
) -> Page:
    service = service_of(context)
    groups, _sizes = await service.groups.all(authority)
    return Page(
        "identity/organisation.html",
        status=refused.status if refused else 200,
        refused=refused,
        typed=typed or AddForm(name=""),
        inside=chosen(typed.group) if typed else (),
        listed=await service.members.page(authority, find=q[:80], group_id=group, after=after),
        count=await service.members.count(authority),
        groups=groups,
        q=q[:80],
        group=group,
        link=link,
        called=called,
        link_hours=context.config.link_hours,
        **common(authority),
    )


@post(f"{HERE}/members")
async def add_member(actor: ProvedDelegate, context: Context, slug: str, data: Form[AddForm]) -> Page:
    """Shows the one-time link to hand over, this once."""
    authority = await authority_of(actor, context, slug)
    new = NewMember(
        user_name=data.name.strip().lower(),
        display=data.display.strip(),
        role=data.role,
        groups=chosen(data.group),
        is_exact=True,
    )
    try:
        account, link = await service_of(context).members.add(authority, new)
    except Problem as refusal:
        return await _page(context, authority, refused=in_the_form(refusal), typed=data)
    return await _page(context, authority, link=link, called=account.display)


@get(f"{HERE}/list")
async def show_list(actor: Delegate, context: Context, slug: str) -> Page:
    return await _list_page(context, await authority_of(actor, context, slug))


async def _list_page(
    context: Context,
    authority: Authority,
    added: Sequence[tuple[Account, str]] = (),
    refused: Problem | None = None,
    lines: str = "",
) -> Page:
    groups, _sizes = await service_of(context).groups.all(authority)
    return Page(
        "identity/organisation_list.html",
        status=refused.status if refused else 200,
        groups=groups,
        added=added,
        refused=refused,
        lines=lines,
        link_hours=context.config.link_hours,
        **common(authority),
    )


@post(f"{HERE}/list")
async def add_list(actor: ProvedDelegate, context: Context, slug: str, data: Form[ListForm]) -> Page:
    """Adds all of them or none, and shows their links, this once, to print."""
    authority = await authority_of(actor, context, slug)
    service = service_of(context)
    groups, _sizes = await service.groups.all(authority)
    try:
        many = checked_lines(data.lines, {one.name: one.id for one in groups})
        added = await service.members.add_all(authority, many)
    except Problem as refusal:
        return await _list_page(context, authority, refused=in_the_form(refusal), lines=data.lines)
    return await _list_page(context, authority, added)


@get(MEMBER)
async def show_member(actor: Delegate, context: Context, slug: str, person_id: str) -> Page:
    authority = await authority_of(actor, context, slug)
    return await _member_page(context, authority, person_id)


async def _member_page(
    context: Context,
    authority: Authority,
    person_id: str,
    *,
    link: str = "",
    refused: Problem | None = None,
    typed: MemberForm | None = None,
) -> Page:
    service = service_of(context)
    member, account, mine = await service.members.one(authority, PersonId(person_id))
    groups, _sizes = await service.groups.all(authority)
    return Page(
        "identity/organisation_member.html",
        status=refused.status if refused else 200,
        refused=refused,
        typed=typed,
        member=member,
        account=account,
        mine=chosen(typed.group) if typed else {group.id for group in mine},
        groups=groups,
        link=link,
        link_hours=context.config.link_hours,
        **common(authority),
    )


@post(MEMBER)
async def change_member(
    actor: ProvedDelegate, context: Context, slug: str, person_id: str, data: Form[MemberForm]
) -> Page | See:
    authority = await authority_of(actor, context, slug)
    try:
        await _change_member(context, authority, PersonId(person_id), data)
    except Problem as refusal:
        return await _member_page(context, authority, person_id, refused=in_the_form(refusal), typed=data)
    return See(f"/organisation/{slug}")


async def _change_member(context: Context, authority: Authority, person: PersonId, data: MemberForm) -> None:
    service = service_of(context)
    member, _account, _groups = await service.members.one(authority, person)
    quota = checked_size(data.quota, "quota")
    if quota != member.quota_bytes:
        await service.members.set_quota(authority, person, quota)
    if data.role is not None and data.role != member.role:
        await service.members.set_role(authority, person, data.role)
    await service.groups.set_groups_of(authority, person, chosen(data.group))


@post(f"{MEMBER}/link")
async def make_link(actor: LinkMaker, context: Context, slug: str, person_id: str) -> Page:
    authority = await authority_of(actor, context, slug)
    link = await service_of(context).members.link_for(authority, PersonId(person_id))
    return await _member_page(context, authority, person_id, link=link)


@post(f"{MEMBER}/suspend")
async def suspend(actor: Delegate, context: Context, slug: str, person_id: str) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).members.suspend(authority, PersonId(person_id))
    return See(f"/organisation/{slug}")


@post(f"{MEMBER}/resume")
async def resume(actor: Delegate, context: Context, slug: str, person_id: str) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).members.resume(authority, PersonId(person_id))
    return See(f"/organisation/{slug}")


@post(f"{MEMBER}/remove")
async def remove(actor: ProvedDelegate, context: Context, slug: str, person_id: str) -> See:
    authority = await authority_of(actor, context, slug)
    await service_of(context).members.remove(authority, PersonId(person_id))
    return See(f"/organisation/{slug}")


doors = (
    show_members,
    add_member,
    show_list,
    add_list,
    show_member,
    change_member,
    make_link,
    suspend,
    resume,
    remove,
)
