"""Commands of identity: for the command line, and for apps of other roles."""

from typing import Any

import msgspec

from synfonium.apps.identity.commands import organisations
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.common.problem import BadInput
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

Answer = dict[str, Any]


async def first_link(context: Context, call: Call) -> Answer:
    """`url` that makes the first administrator, empty when there is one."""
    return {"url": await _service(context).welcome.first_link() or ""}


async def user_add(context: Context, call: Call) -> Answer:
    """Arguments: name, display, admin, password (empty for none), organisation and role."""
    service, password = _service(context), call.text("password")
    if call.text("organisation"):
        hashed = await service.passwords.hash(password) if password else ""
        return await organisations.user_add(context, call, hashed)
    account = await service.people.add(
        call.text("name"),
        call.text("display"),
        is_administrator=bool(call.arguments.get("admin")),
        by=OPERATOR,
        password_hash=await service.passwords.hash(password) if password else "",
    )
    return {"id": account.id, "name": account.name}


async def user_list(context: Context, call: Call) -> Answer:
    """`people`: id, name, display, is_administrator, is_suspended, has_passkey; after `after`,
    of all or of the members of `organisation`."""
    people, with_passkey = await _service(context).people.all(
        call.text("after"), organisation=call.text("organisation")
    )
    fields = ("id", "name", "display", "is_administrator", "is_suspended")
    return {
        "people": [
            {**{field: getattr(person, field) for field in fields}, "has_passkey": person.id in with_passkey}
            for person in people
        ]
    }


async def user_find(context: Context, call: Call) -> Answer:
    """The person called `name`: id, name, display. Raises NotFound."""
    account = await _service(context).people.named(call.text("name"))
    return {"id": account.id, "name": account.name, "display": account.display}


async def user_token(context: Context, call: Call) -> Answer:
    """`token` of the person `name`, with `label` and `scopes` (none: all they may do)."""
    service = _service(context)
    account = await service.people.named(call.text("name"))
    token = await service.tokens.add(
        account.id, call.text("label"), _texts(call, "scopes"), days=None, by=OPERATOR, administers=True
    )
    return {"token": token}


async def user_link(context: Context, call: Call) -> Answer:
    """`url` to hand to the person `name`: a one-time sign-in link."""
    service = _service(context)
    account = await service.people.named(call.text("name"))
    return {"url": await service.welcome.link_for(account.id, by=OPERATOR)}


async def client_add(context: Context, call: Call) -> Answer:
    """Arguments: name, redirect_uris, public. Gives client_id and client_secret, once."""
    registration = await _service(context).clients.add(
        call.text("name"),
        _texts(call, "redirect_uris"),
        is_public=bool(call.arguments.get("public")),
        by=OPERATOR,
    )
    return dict(msgspec.structs.asdict(registration))


async def client_list(context: Context, call: Call) -> Answer:
    """`clients`: id, name, redirect_uris, is_public."""
    return {
        "clients": [
            {
                "id": client.id,
                "name": client.name,
                "redirect_uris": list(client.redirect_uris),
                "is_public": not client.secret_hash,
            }
            for client in await _service(context).clients.all()
        ]
    }


def _texts(call: Call, name: str) -> list[str]:
    try:
        return msgspec.convert(call.arguments.get(name) or [], list[str])
    except msgspec.ValidationError:
        raise BadInput(name, _("This is a list of texts.")) from None


def _service(context: Context) -> IdentityService:
    service: IdentityService = context.service
    return service
