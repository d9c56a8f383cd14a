"""Commands of apps that look after a client of theirs: the fabric, for outside apps."""

from collections.abc import Mapping
from typing import Any

from synfonium.apps.identity.service.clients import Clients
from synfonium.apps.identity.service.oauth.registration import Registration
from synfonium.common.ids import PersonId
from synfonium.common.problem import BadInput
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

Answer = dict[str, Any]


async def change(context: Context, call: Call) -> Answer:
    """Arguments: client_id, metadata (of RFC 7591; what is not said stays), by. Gives client_secret
    when the client needed one and had none."""
    given = call.arguments.get("metadata")
    if not isinstance(given, Mapping):
        raise BadInput("metadata", _("This is a list of texts."))
    return _answer(await _clients(context).adapt(call.text("client_id"), given, by=_by(call)))


async def secret(context: Context, call: Call) -> Answer:
    """A new client_secret of `client_id`; the one before ends. Empty for a public client."""
    return _answer(await _clients(context).renew(call.text("client_id"), by=_by(call)))


async def remove(context: Context, call: Call) -> Answer:
    """Removes `client_id` with its consents and tokens. Raises NotFound."""
    await _clients(context).remove(call.text("client_id"), by=_by(call))
    return {}


def _answer(registration: Registration) -> Answer:
    return {"client_id": registration.client_id, "client_secret": registration.client_secret}


def _by(call: Call) -> PersonId:
    return PersonId(call.text("by"))


def _clients(context: Context) -> Clients:
    clients: Clients = context.service.clients
    return clients
