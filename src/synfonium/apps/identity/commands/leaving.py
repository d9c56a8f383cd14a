"""Accounts that their people close, or an operator, to be erased (for the app of people's data)."""

from synfonium.apps.identity.service import IdentityService
from synfonium.common.ids import PersonId
from synfonium.common.problem import Forbidden
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


async def close(context: Context, call: Call) -> dict[str, object]:
    """Closes the account of `person` (an id) until it is erased or reopened, for `by`.

    Raises LastAdministrator, NotFound.
    """
    service = _service(context, call)
    await service.people.leave(PersonId(call.text("person")), by=PersonId(call.text("by")))
    return {}


async def reopen(context: Context, call: Call) -> dict[str, object]:
    """Takes `close` back; what others hold closed stays so."""
    service = _service(context, call)
    await service.people.stay(PersonId(call.text("person")), by=PersonId(call.text("by")))
    return {}


def _service(context: Context, call: Call) -> IdentityService:
    if call.caller != "yourdata":
        raise Forbidden
    service: IdentityService = context.service
    return service
