"""Commands about where people may come from: outside OpenID Providers and directories."""

from typing import Any, TypeVar

import msgspec

from synfonium.apps.identity.model.outside import (
    SUBJECT_LENGTH,
    DirectorySettings,
    OpenIdSettings,
    Said,
)
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.common.problem import BadInput
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

Answer = dict[str, Any]
S = TypeVar("S", OpenIdSettings, DirectorySettings)


async def provider(context: Context, call: Call) -> Answer:
    """Arguments: id, label, secret, and `settings` as in model.outside.OpenIdSettings.
    Gives return_address and logout_address, to register at the provider."""
    settings = _settings(call, OpenIdSettings)
    sources = _service(context).sources
    source = await sources.add(
        call.text("id"), call.text("label"), settings, call.text("secret"), by=OPERATOR
    )
    address = sources.return_address(source.id)
    return {"return_address": address, "logout_address": address.removesuffix("callback") + "logout"}


async def directory(context: Context, call: Call) -> Answer:
    """Arguments: id, label, secret, and `settings` as in model.outside.DirectorySettings."""
    settings = _settings(call, DirectorySettings)
    sources = _service(context).sources
    source = await sources.add(
        call.text("id"), call.text("label"), settings, call.text("secret"), by=OPERATOR
    )
    return {"id": source.id}


async def list_all(context: Context, call: Call) -> Answer:
    """`sources`: id, kind, label, is_open."""
    fields = ("id", "kind", "label", "is_open")
    found = await _service(context).sources.all()
    return {"sources": [{field: getattr(source, field) for field in fields} for source in found]}


async def check(context: Context, call: Call) -> Answer:
    """Whether the source `id` answers. Raises OutsideUnreachable, SourceUnknown."""
    service = _service(context)
    source = await service.sources.get(call.text("id"))
    await (service.outside if source.kind == "oidc" else service.ldap).check(source)
    return {}


async def remove(context: Context, call: Call) -> Answer:
    """Removes the source `id` with all links to it. Raises SourceUnknown."""
    await _service(context).sources.remove(call.text("id"), by=OPERATOR)
    return {}


async def link(context: Context, call: Call) -> Answer:
    """Links the person `name` to the account `subject` at the source `id`, before they ever came.
    Raises PersonUnknown, SourceUnknown, LinkedElsewhere."""
    service, subject = _service(context), call.text("subject")
    account = await service.people.named(call.text("name"))
    source = await service.sources.get(call.text("id"))
    if not 1 <= len(subject) <= SUBJECT_LENGTH:
        raise BadInput("subject", _("The provider's identifier of the person, such as its “sub”."))
    said = Said(issuer=source.issuer, subject=subject)
    await service.admission.link(account.id, source.id, said, by=OPERATOR)
    return {}


async def follow(context: Context, call: Call) -> Answer:
    """Asks the directories for everybody now: `asked`, `suspended`."""
    return dict(msgspec.structs.asdict(await _service(context).ldap.follow()))


def _settings(call: Call, kind: type[S]) -> S:
    try:
        return msgspec.convert(
            {"type": kind.__struct_config__.tag, **(call.arguments.get("settings") or {})}, kind
        )
    except (msgspec.ValidationError, TypeError):
        raise BadInput("settings", _("These settings cannot be read.")) from None


def _service(context: Context) -> IdentityService:
    service: IdentityService = context.service
    return service
