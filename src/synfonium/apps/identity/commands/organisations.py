"""Commands of organisations, with all that the machine's operator may do."""

from typing import Any

from synfonium.apps.identity.contract import OrganisationKind, Role
from synfonium.apps.identity.model.organisations import parse_size
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.members import NewMember, checked_lines
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.common.problem import BadInput
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

Answer = dict[str, Any]


async def add(context: Context, call: Call) -> Answer:
    """Arguments: name, slug, kind, owner (a person's name, or none), total, each (sizes)."""
    service = _service(context)
    owner = await service.people.named(call.text("owner")) if call.text("owner") else None
    kind: OrganisationKind = "family" if call.text("kind") == "family" else "organisation"
    made = await service.organisations.make(
        call.text("name"),
        call.text("slug"),
        kind,
        by=OPERATOR,
        owner=owner.id if owner else None,
        total_bytes=_size(call, "total"),
        each_bytes=_size(call, "each"),
    )
    return {"id": made.id, "slug": made.slug, "name": made.name}


async def list_all(context: Context, call: Call) -> Answer:
    """`organisations`: slug, name, kind, members, is_suspended; after the slug `after`."""
    found, members = await _service(context).organisations.all(call.text("after"))
    fields = ("slug", "name", "kind", "is_suspended", "total_bytes", "each_bytes")
    return {
        "organisations": [
            {**{field: getattr(one, field) for field in fields}, "members": members.get(one.id, 0)}
            for one in found
        ]
    }


async def quota(context: Context, call: Call) -> Answer:
    """Arguments: slug, total, each. An empty size means no limit."""
    authority = await _authority(context, call)
    await _service(context).organisations.set_quotas(
        authority, total_bytes=_size(call, "total"), each_bytes=_size(call, "each")
    )
    return {}


async def suspend(context: Context, call: Call) -> Answer:
    await _service(context).organisations.suspend(await _authority(context, call))
    return {}


async def resume(context: Context, call: Call) -> Answer:
    await _service(context).organisations.resume(await _authority(context, call))
    return {}


async def member(context: Context, call: Call) -> Answer:
    """A person with an account becomes a member: slug, name, role."""
    service, authority = _service(context), await _authority(context, call)
    account = await service.people.named(call.text("name"))
    await service.members.join(authority, account.id, role=_role(call))
    return {"id": account.id}


async def group(context: Context, call: Call) -> Answer:
    """A new group: slug, name."""
    authority = await _authority(context, call)
    return {"id": (await _service(context).groups.add(authority, call.text("name"))).id}


async def import_lines(context: Context, call: Call) -> Answer:
    """Adds the people of `lines` (`name; display; groups`), all or none: name and url of each."""
    service, authority = _service(context), await _authority(context, call)
    groups, _sizes = await service.groups.all(authority)
    many = checked_lines(call.text("lines"), {one.name: one.id for one in groups})
    added = await service.members.add_all(authority, many)
    return {"people": [{"name": one.name, "display": one.display, "url": url} for one, url in added]}


async def user_add(context: Context, call: Call, password_hash: str) -> Answer:
    """An account that an organisation manages."""
    service = _service(context)
    authority = await _authority(context, call, "organisation")
    new = NewMember(
        user_name=call.text("name"), display=call.text("display"), role=_role(call), is_exact=True
    )
    if call.arguments.get("admin"):
        raise BadInput("admin", _("Whoever administers the installation has an account of their own."))
    account = await service.members.add_silently(authority, new, password_hash)
    return {"id": account.id, "name": account.name}


async def token(context: Context, call: Call) -> Answer:
    """A token for the organisation's directory: slug, label. Shown once."""
    authority = await _authority(context, call)
    secret = await _service(context).directories.add(authority, call.text("label"))
    return {"token": secret, "url": f"{context.site.public_url}/scim/v2/{authority.organisation.slug}"}


def _role(call: Call) -> Role:
    role = call.text("role") or "member"
    if role not in ("owner", "administrator", "member"):
        raise BadInput("role", _("A role is owner, administrator or member."))
    return role  # type: ignore[return-value]


def _size(call: Call, name: str) -> int | None:
    try:
        return parse_size(call.text(name))
    except ValueError:
        raise BadInput(name, _("A size is a number with a unit, such as 20 GB.")) from None


async def _authority(context: Context, call: Call, argument: str = "slug") -> Authority:
    return await _service(context).organisations.operator(call.text(argument))


def _service(context: Context) -> IdentityService:
    service: IdentityService = context.service
    return service
