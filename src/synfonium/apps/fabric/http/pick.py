"""The picker: a page of ours, at which a person designates what an app gets.

It works without script and in the window of any site; no page may frame it.
"""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from litestar.params import QueryParameter

from synfonium.apps.fabric.contract import DETAIL_TYPE
from synfonium.apps.fabric.http.service import service_of
from synfonium.apps.fabric.http.words import Form, icon_of, name_of, needs_session
from synfonium.apps.fabric.service.picking import PAGE, Asked, Wish
from synfonium.apps.identity.contract import Answered
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.gate import page_policy


class PickForm(msgspec.Struct, frozen=True, kw_only=True):
    request: str
    chosen: list[str] | str = ""
    folder: str = ""
    title: str = ""
    lasting: str = ""
    decision: str = "give"


@get(PAGE)
async def pick(
    actor: Person,
    request: AnyRequest,
    context: Context,
    sealed: Annotated[str, QueryParameter(name="request")] = "",
    app: str = "",
    inside: str = "",
    q: str = "",
    after: str = "",
    client_id: str = "",
    request_uri: str = "",
    asking_app: Annotated[str, QueryParameter(name="for")] = "",
    subject: str = "",
    interfaces: str = "file/1",
    actions: str = "read",
    back: str = "/",
) -> Page | See:
    """With `client_id` and `request_uri` of a pushed request (RFC 9126) it begins as any
    authorization request does; with `request` it goes on. A page of an installed app asks by a
    link: `for` (its name), `subject`, `interfaces` and `actions`, parted by commas, and `back`."""
    picking = service_of(context).picking
    if asking_app:
        detail = {
            "type": DETAIL_TYPE,
            "interfaces": interfaces.split(","),
            "actions": actions.split(","),
        }
        sealed = picking.wish(Wish(app=asking_app, subject=subject, back=back, detail=detail))
    if request_uri:
        asking = urlencode({"client_id": client_id, "request_uri": request_uri, "window": "kept"})
        return See(f"/oauth/authorize?{asking}")
    needs_session(actor)
    asked = await picking.open(sealed)
    if asked.ask.verb == "open":
        return answer(await picking.settle(actor, asked), context)
    part, app_name = await picking.part(actor.id, asked), name_of(asked.app, context, request)
    look = await picking.look(actor.id, asked, source=app, inside=inside, query=q, after=after)
    return Page(
        "fabric/pick.html",
        asked=asked,
        look=look,
        query=q,
        app_name=f"{part} ({app_name})" if part else app_name,
        source_names={one.name: name_of(one, context, request) for one in look.sources},
        icon_of=icon_of,
        url=PAGE,
    )


@post(PAGE)
async def decide(actor: Person, context: Context, data: Form[PickForm]) -> Page | See:
    needs_session(actor)
    picking = service_of(context).picking
    asked = await picking.open(data.request)
    answered = await _decided(context, actor, asked, data)
    is_here = asked.approving is None and answered.url.startswith("/")
    return See(answered.url) if is_here else answer(answered, context)


async def _decided(context: Context, actor: Person, asked: Asked, data: PickForm) -> Answered:
    picking = service_of(context).picking
    if data.decision != "give":
        return await picking.refuse(actor, asked)
    if asked.ask.verb == "save":
        answered, _grants = await picking.save(actor, asked, data.folder, data.title, data.lasting)
        return answered
    chosen = [data.chosen] if isinstance(data.chosen, str) else data.chosen
    answered, _grants = await picking.give(actor, asked, [one for one in chosen if one], data.lasting)
    return answered


def answer(answered: Answered, context: Context) -> Page:
    """Back to the app: to the page that opened this window, or by redirect, or by a form."""
    headers: dict[str, Any] = {"cache-control": "no-store"}
    if answered.is_posted:
        headers["content-security-policy"] = page_policy(context.site).replace(
            "form-action 'self'", "form-action https: http:"
        )
    told = msgspec.json.encode(answered.fields).decode() if answered.origin else ""
    return Page("fabric/picked.html", headers=headers, answered=answered, told=told)


doors = (pick, decide)
