"""Commands of API tokens, run in the worker."""

from typing import Any

import msgspec

from synfonium.apps.search.service.tokens import ApiTokens, Wanted
from synfonium.kernel.calls import Call
from synfonium.kernel.context import Context


async def issue(context: Context, call: Call) -> dict[str, str]:
    """`token`, shown once. Raises BadInput, TooManyTokens."""
    wanted = msgspec.convert(call.arguments, Wanted)
    return msgspec.structs.asdict(await ApiTokens(context).issue(wanted))


async def take_back(context: Context, call: Call) -> dict[str, str]:
    """Raises NoSuchToken."""
    await ApiTokens(context).take_back(call.text("id"))
    return {}


async def listing(context: Context, call: Call) -> dict[str, list[dict[str, Any]]]:
    """`tokens` without what could be used."""
    rows = await ApiTokens(context).all()
    names = ("id", "name", "per_s", "until_s")
    return {"tokens": [{name: getattr(row, name) for name in names} for row in rows]}
