"""Commands of identity: for the command line, and for apps of other roles."""

from typing import Any

import msgspec

from synfonium.apps.identity.commands import organisations
from synfonium.apps.identity.service import IdentityService
from synfonium.apps.identity.service.health import findings
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.apps.identity.store import people as store
from synfonium.apps.operations.contract import Finding
from synfonium.common.ids import PersonId
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


async def administrators(context: Context, call: Call) -> Answer:
    """`people`: the ids of those who administer and are not suspended."""
    return {"people": list(await context.database.read(store.administrators))}


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
    """Arguments: name, redirect_uris, public; metadata, more of RFC 7591; owner and by, ids of
    people, empty for the operator. Gives client_id and client_secret, once."""
    given = call.arguments.get("metadata") or {}
    if not isinstance(given, dict):
        raise BadInput("metadata", _("This is a list of texts."))
    usual = {
        "token_endpoint_auth_method": "none" if call.arguments.get("public") else "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
    }
    named = {"client_name": call.text("name"), "redirect_uris": _texts(call, "redirect_uris")}
    owner, by = PersonId(call.text("owner")), PersonId(call.text("by"))
    registration = await _service(context).clients.add({**usual, **given, **named}, by=by, owner=owner)
    return {"client_id": registration.client_id, "client_secret": registration.client_secret}


async def keys_rotate(context: Context, call: Call) -> Answer:
    """Signs with the published successors from now on. `kids` of the keys that are published."""
    keys = _service(context).oauth.keys
    await keys.rotate()
    return {"kids": [key["kid"] for key in keys.jwks()["keys"]]}


async def client_list(context: Context, call: Call) -> Answer:
    """`clients`: id, name, redirect_uris, is_public."""
    return {
        "clients": [
            {
                "id": client.id,
                "name": client.name,
                "redirect_uris": list(client.redirect_uris),
                "is_public": client.is_public,
            }
            for client in await _service(context).clients.all()
        ]
    }


async def mail_state(context: Context, call: Call) -> Answer:
    """How letters are: waiting, failed, perhaps, last_code."""
    return dict(msgspec.structs.asdict(await _service(context).letters.state()))


async def check(context: Context, call: Call) -> list[Finding]:
    """What the doctor asks every app: how it is."""
    return await findings(context)


async def note(context: Context, call: Call) -> Answer:
    """Writes down, for the person to see, what the operator did with what is theirs.

    Arguments: person (an id), act (one of those that have words, such as `kernel.person.export`).
    """
    await _service(context).passes.note(PersonId(call.text("person")), call.text("act"))
    return {}


async def pass_use(context: Context, call: Call) -> Answer:
    """`has_pass`: whether `by` may do `act` with what is `person`'s now; it is written down if so."""
    by, person = PersonId(call.text("by")), PersonId(call.text("person"))
    return {"has_pass": await _service(context).passes.use(by, person, call.text("act"))}


def _texts(call: Call, name: str) -> list[str]:
    try:
        return msgspec.convert(call.arguments.get(name) or [], list[str])
    except msgspec.ValidationError:
        raise BadInput(name, _("This is a list of texts.")) from None


def _service(context: Context) -> IdentityService:
    service: IdentityService = context.service
    return service
