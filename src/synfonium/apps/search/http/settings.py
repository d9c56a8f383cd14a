"""Preferences kept with an account. The search itself never reads them: it does not know who asks.

A signed-in person finds the link here, or goes by `/settings/search/go`, which puts the token into
the address of the search and steps aside.
"""

from typing import Annotated
from urllib.parse import quote

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.search.service import preferences
from synfonium.apps.search.service.query_syntax import LONGEST_QUERY
from synfonium.apps.search.store.preferences import kept_token
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import Page, See, get, post
from synfonium.kernel.i18n import _

HERE = "/settings/search"


class TokenForm(msgspec.Struct, frozen=True, kw_only=True):
    """A token, or a link that carries one; "" keeps none."""

    token: Annotated[str, msgspec.Meta(max_length=3 * preferences.LONGEST_TOKEN)] = ""


@get(HERE)
async def show(actor: Person, context: Context, saved: bool = False) -> Page:
    token = await _kept(context, actor)
    link = f"{context.site.public_url}/search?prefs={quote(token, safe=';,=')}"
    return Page("search/settings.html", token=token, link=link, saved=saved)


@post(HERE)
async def keep(
    actor: Person,
    context: Context,
    data: Annotated[TokenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> See:
    """Keeps what can be used of it. Raises BadInput when nothing can."""
    read = preferences.read(preferences.token_in(data.token))
    if data.token.strip() and not read.preferences.token:
        raise BadInput("token", _("A text of preferences begins with v1, and says something."))
    await context.call("search.keep_preferences", {"person": actor.id, "token": read.preferences.token})
    return See(f"{HERE}?saved=true")


@get(f"{HERE}/go")
async def go(actor: Person, context: Context, q: str = "") -> See:
    """To the search, with what the person keeps in its address."""
    token = await _kept(context, actor)
    query = f"q={quote(q[:LONGEST_QUERY])}&prefs={quote(token, safe=';,=')}"
    return See(f"/search?{query}" if token else f"/search?q={quote(q[:LONGEST_QUERY])}")


async def _kept(context: Context, actor: Person) -> str:
    return await context.database.read(lambda connection: kept_token(connection, actor.id))


doors = [show, keep, go]
