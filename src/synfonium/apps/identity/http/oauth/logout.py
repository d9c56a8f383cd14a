"""Leaving at a site's wish: OpenID Connect RP-Initiated Logout 1.0."""

from contextlib import suppress
from urllib.parse import urlencode

import msgspec

from synfonium.apps.identity.http.asking import going
from synfonium.apps.identity.http.browser import Form, form_pairs, left, parse_pairs, service_of
from synfonium.apps.identity.http.oauth.authorize import LARGEST_FORM_BYTES
from synfonium.apps.identity.model.oauth.words import OAuthError, request_fields
from synfonium.apps.identity.service.oauth.logout import Leaving
from synfonium.apps.identity.service.sealed import seal, unseal
from synfonium.common.problem import NotFound
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post


class LogoutForm(msgspec.Struct, frozen=True, kw_only=True):
    request: str
    decision: str


@get("/oauth/logout")
async def leave(actor: Person | Visitor, request: AnyRequest, context: Context) -> See | Page:
    try:
        fields = request_fields(parse_pairs(request.scope["query_string"]))
    except OAuthError:
        fields = {}
    person = actor if isinstance(actor, Person) and actor.by_session else None
    wish = await service_of(context).oauth.logouts.wish(fields, person)
    if person is None or wish.is_sure:
        return await _left(person, wish, context)
    return Page("identity/leave.html", sealed=seal(context, wish, "logout"), client_name=wish.client_name)


@post("/oauth/logout", max_body_bytes=LARGEST_FORM_BYTES)
async def leave_by_form(actor: Visitor, request: AnyRequest) -> See:
    """Comes back as GET, with the session that browsers do not send with another site's form."""
    return See(f"/oauth/logout?{urlencode(await form_pairs(request))}")


@post("/oauth/logout/confirm")
async def confirm(actor: Person | Visitor, context: Context, data: Form[LogoutForm]) -> See | Page:
    wish = unseal(context, data.request, "logout", Leaving)
    if data.decision != "leave":
        return See("/")
    return await _left(actor if isinstance(actor, Person) else None, wish, context)


async def _left(person: Person | None, wish: Leaving, context: Context) -> See | Page:
    if person is not None and person.by_session:
        with suppress(NotFound):  # ended elsewhere a moment ago
            await service_of(context).sessions.end(person.id, person.session_id)
    gone = left(context, "/")
    page = going(wish.url) if wish.url else Page("identity/left.html", client_name=wish.client_name)
    page.cookies = gone.cookies
    return page


doors = (leave, leave_by_form, confirm)
