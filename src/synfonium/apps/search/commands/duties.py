"""Commands of requests, run in the worker; and what the web role is told afterwards."""

import msgspec

from synfonium.apps.search.service.duties.requests import Asked, Decision, Requests
from synfonium.apps.search.service.open import SearchService
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


async def ask(context: Context, call: Call) -> dict[str, str]:
    """`address` of the request's page. Raises BadInput, TooManyRequests."""
    return {"address": await _requests(context).ask(msgspec.convert(call.arguments, Asked))}


async def prove(context: Context, call: Call) -> dict[str, str]:
    """Raises NoSuchRequest, NotShown."""
    await _requests(context).prove(call.text("address"))
    return {}


async def object_to(context: Context, call: Call) -> dict[str, str]:
    """Raises NoSuchRequest, BadInput."""
    await _requests(context).object(call.text("address"), call.text("text"))
    return {}


async def decide(context: Context, call: Call) -> dict[str, str]:
    """Raises NoSuchRequest, BadInput."""
    await _requests(context).decide(msgspec.convert(call.arguments, Decision))
    return {}


async def answer(context: Context, call: Call) -> dict[str, str]:
    """Raises NoSuchRequest, BadInput."""
    await _requests(context).answer(msgspec.convert(call.arguments, Decision))
    return {}


async def blocks_changed(context: Context, call: Call) -> dict[str, str]:
    """The web role reads anew what must not be found."""
    service: SearchService = context.service
    await service.blocks.load()
    return {}


def _requests(context: Context) -> Requests:
    service: SearchService = context.service
    assert service.requests is not None
    return service.requests
