"""What other apps and roles may ask of the fabric."""

from collections.abc import Mapping, Sequence

from synfonium.apps.fabric.contract import Grant, GrantSecret
from synfonium.apps.fabric.model import app_of
from synfonium.apps.fabric.service import FabricService
from synfonium.common.ids import GrantId, PersonId
from synfonium.common.problem import Forbidden
from synfonium.kernel.context import Call, Context

MOST_HITS = 50


async def grant_secret(context: Context, call: Call) -> GrantSecret:
    service: FabricService = context.service
    found = await service.granting.secret(GrantId(call.text("grant")), call.caller)
    return GrantSecret(url=context.site.local_url + found.url, user=found.user, secret=found.secret)


async def grants_for(context: Context, call: Call) -> Sequence[Grant]:
    subject = call.text("subject")
    if app_of(subject) != call.caller:
        raise Forbidden
    service: FabricService = context.service
    return await service.granting.of_subject(subject)


async def grant_use(context: Context, call: Call) -> bool:
    """Counts one use of each of `grants`, for a role that only reads; whether there was one left."""
    service: FabricService = context.service
    return await service.granting.use([GrantId(str(grant)) for grant in call.arguments["grants"]])


async def search(context: Context, call: Call) -> Mapping[str, object]:
    service: FabricService = context.service
    limit = max(1, min(MOST_HITS, int(call.arguments.get("limit") or 10)))
    return await service.search(PersonId(call.text("person")), call.text("query"), limit)
