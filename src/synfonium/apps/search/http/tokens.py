"""API tokens, for administrators: whose program may ask more, and until when."""

from typing import Annotated

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service.tokens import ApiTokens
from synfonium.common.problem import Problem
from synfonium.kernel.actor import Administrator, Impersonal
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post

HERE = "/admin/search/tokens"
Admin = Annotated[Administrator, Impersonal("names of programs; no question of anybody")]


class TokenForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of a new token sends."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    per_s: float
    days: int


class EndForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, msgspec.Meta(max_length=26)]


@get(HERE)
async def show(actor: Admin, context: Context) -> Page:
    return await _page(context)


@post(HERE)
async def issue(
    actor: Admin,
    context: Context,
    data: Annotated[TokenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Page:
    """Shows the new token, once."""
    try:
        issued = await context.call("search.token_issue", msgspec.structs.asdict(data))
    except Problem as problem:
        return await _page(context, problem=problem)
    return await _page(context, issued=issued["token"])


@post(f"{HERE}/end")
async def end(
    actor: Admin,
    context: Context,
    data: Annotated[EndForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    """Raises NoSuchToken."""
    await context.call("search.token_take_back", {"id": data.id})
    return See(HERE)


async def _page(context: Context, *, issued: str = "", problem: Problem | None = None) -> Page:
    house = context.settings.house
    return Page(
        "search/tokens.html",
        status=problem.status if problem else 200,
        tokens=await ApiTokens(context).all(),
        issued=issued,
        problem=problem,
        per_s=house.questions_per_s,
        at_once=house.questions_at_once,
    )


doors = [show, issue, end]
