"""Where a browser comes with a site's request, and how it goes back."""

from urllib.parse import urlencode

import msgspec

from synfonium.apps.identity.http.asking import asking, going, signing_in
from synfonium.apps.identity.http.browser import Form, form_pairs, needs_session, parse_pairs, service_of
from synfonium.apps.identity.service.oauth.provider import Answer, AskSignIn, Redirect
from synfonium.kernel.actor import Person, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post
from synfonium.kernel.gate import page_policy

LARGEST_FORM_BYTES = 32 * 1024


class ConsentForm(msgspec.Struct, frozen=True, kw_only=True):
    request: str
    decision: str


@get("/oauth/authorize")
async def authorize(actor: Person | Visitor, request: AnyRequest, context: Context) -> See | Page:
    pairs = parse_pairs(request.scope["query_string"])
    answer = await service_of(context).provider.authorize(pairs, _person(actor))
    if isinstance(answer, Redirect) and answer.mode != "form_post":
        return See(answer.url)
    return shown(answer, context, keeps_window=("window", "kept") in pairs)


@post("/oauth/authorize", max_body_bytes=LARGEST_FORM_BYTES)
async def authorize_by_form(actor: Visitor, request: AnyRequest) -> See:
    """Core 1.0, section 3.1.2.1. Comes back as GET, with the session that browsers do not
    send along with another site's form."""
    return See(f"/oauth/authorize?{urlencode(await form_pairs(request))}")


@get("/oauth/continue")
async def resume(actor: Person | Visitor, request: AnyRequest, context: Context) -> See | Page:
    fields = dict(parse_pairs(request.scope["query_string"]))
    answer = await service_of(context).provider.resume(fields.get("request", ""), _person(actor))
    return shown(answer, context, keeps_window=fields.get("window") == "kept")


@post("/oauth/consent")
async def decide(actor: Person, context: Context, data: Form[ConsentForm]) -> See | Page:
    needs_session(actor)
    allow = data.decision == "allow"
    return shown(await service_of(context).provider.decide(data.request, actor, allow=allow), context)


def shown(answer: Answer, context: Context, *, keeps_window: bool = False) -> See | Page:
    """keeps_window: the page that opened this window waits for it (App.popups)."""
    if isinstance(answer, Redirect):
        return _posting(answer, context) if answer.mode == "form_post" else going(answer.url)
    if isinstance(answer, AskSignIn):
        return signing_in(answer, keeps_window=keeps_window)
    return asking(answer, "/oauth/consent")


def _posting(answer: Redirect, context: Context) -> Page:
    """Form Post Response Mode 1.0: the one page whose form leads elsewhere, and wherever the site
    sends the browser after it."""
    policy = page_policy(context.site).replace("form-action 'self'", "form-action https: http:")
    headers = {"content-security-policy": policy, "cache-control": "no-store"}
    return Page("identity/post.html", headers=headers, url=answer.uri, fields=answer.fields)


def _person(actor: Person | Visitor) -> Person | None:
    return actor if isinstance(actor, Person) else None


doors = (authorize, authorize_by_form, resume, decide)
