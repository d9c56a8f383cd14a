"""Search's declared action: the same anonymous door as everybody's, so that nobody is behind it."""

from urllib.parse import urlencode

import msgspec

from synfonium.apps.fabric.contract import Act
from synfonium.common.problem import Forbidden, Unavailable
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


async def search_web(context: Context, call: Call) -> dict[str, object]:
    """`results` as /api/search gives them, and the page with them. Raises Unavailable."""
    if call.caller != "fabric":
        raise Forbidden
    act = msgspec.convert(call.arguments, Act)
    asked = urlencode({"q": str(act.input["query"])})
    answered = await context.ask(f"/api/search?{asked}")
    if answered.status != 200:
        raise Unavailable
    found = msgspec.json.decode(answered.body)
    return {"results": found["results"], "total": found["total"], "page": f"/search?{asked}"}
