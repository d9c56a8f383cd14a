"""Coming in by an outside OpenID Provider, and linking an account there to one's own."""

from typing import Annotated

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.params import QueryParameter

from synfonium.apps.identity.errors import (
    ChallengeExpired,
    NameTaken,
    NotLinked,
    OutsideRefused,
    OutsideUnreachable,
)
from synfonium.apps.identity.http.browser import (
    Form,
    browser_of,
    entered,
    needs_session,
    refuse_other_sites,
    service_of,
)
from synfonium.apps.identity.http.signin import code_page, sign_in_page
from synfonium.apps.identity.model.people import local_path
from synfonium.apps.identity.service.outside.attempts import ATTEMPT_LIFE_S, Linked, NeedsCode, Newcomer
from synfonium.common.problem import BadInput, Problem
from synfonium.kernel.actor import Person, Proved, Visitor
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest, Page, See, get, post

HERE = "/signin/with"
LINKS = "/settings/security/outside"
ProvedPerson = Annotated[Person, Proved()]
_NO_STORE = {"cache-control": "no-store"}


class WelcomeForm(msgspec.Struct, frozen=True, kw_only=True):
    arrival: str
    name: str
    display: str = ""


class LogoutForm(msgspec.Struct, frozen=True):
    logout_token: str


class UnlinkForm(msgspec.Struct, frozen=True, kw_only=True):
    issuer: str
    subject: str


@get(f"{HERE}/{{source_id:str}}")
async def begin(
    actor: Visitor,
    context: Context,
    source_id: str,
    wish: Annotated[str, QueryParameter(name="next")] = "",
) -> See:
    start = await service_of(context).outside.begin(source_id, local_path(wish))
    return See(start.url, cookies=[_carried(context, source_id, start.sealed)])


@get(f"{HERE}/{{source_id:str}}/callback")
async def answered(
    actor: Person | Visitor, request: AnyRequest, context: Context, source_id: str
) -> See | Page:
    """The provider sends the browser here; one address for each provider (RFC 9700, section 4.4.2.1)."""
    pairs = list(request.query_params.multi_items())
    fields = dict(pairs)
    if len(fields) != len(pairs):  # RFC 6749, section 3.1: no parameter twice
        raise BadInput("query", "")
    sealed = request.cookies.get(_cookie_name(source_id), "")
    person = actor if isinstance(actor, Person) and actor.by_session else None
    browser = browser_of(request, context)
    spent = _carried(context, source_id, "")
    try:
        outcome = await service_of(context).outside.answer(source_id, fields, sealed, person, browser)
    except (ChallengeExpired, OutsideRefused, OutsideUnreachable, NotLinked) as refusal:
        page = await sign_in_page(context, "", refused=refusal, status=refusal.status)
        page.cookies.append(spent)
        return page
    if isinstance(outcome, Newcomer):
        return _welcome(
            outcome.source.label, source_id, outcome.sealed, outcome.name, outcome.display, [spent]
        )
    if isinstance(outcome, NeedsCode):
        page = code_page(outcome.sealed, outcome.next)
        page.cookies.append(spent)
        return page
    if isinstance(outcome, Linked):
        return See(outcome.next, cookies=[spent])
    done = entered(context, outcome.new, outcome.next)
    done.cookies.append(spent)
    return done


@post(f"{HERE}/{{source_id:str}}/welcome")
async def welcome(
    actor: Visitor, request: AnyRequest, context: Context, source_id: str, data: Form[WelcomeForm]
) -> See | Page:
    refuse_other_sites(request, context)
    service, browser = service_of(context), browser_of(request, context)
    name = data.name.strip().lower()
    try:
        done = await service.outside.welcome(source_id, data.arrival, name, data.display, browser)
    except (BadInput, NameTaken) as refusal:
        label = (await service.sources.opened(source_id)).label
        return _welcome(label, source_id, data.arrival, data.name, data.display, [], refusal)
    return entered(context, done.new, done.next)


@post(f"{HERE}/{{source_id:str}}/logout")
async def log_out(actor: Visitor, context: Context, source_id: str, data: Form[LogoutForm]) -> Response[None]:
    """OpenID Connect Back-Channel Logout 1.0, sections 2.5 to 2.8."""
    try:
        await service_of(context).outside.log_out(source_id, data.logout_token)
    except Problem as problem:
        return Response(None, status_code=503 if problem.status == 503 else 400, headers=_NO_STORE)
    return Response(None, status_code=200, headers=_NO_STORE)


@get(f"{HERE}/{{source_id:str}}/jwks")
async def client_keys(actor: Visitor, context: Context, source_id: str) -> dict[str, list[dict[str, str]]]:
    """The public key with which we prove to a provider who we are."""
    sources = service_of(context).sources
    key = sources.public_key(await sources.get(source_id))
    return {"keys": [{name: str(value) for name, value in key.as_dict(private=False).items()}]}


@post(f"{LINKS}/{{source_id:str}}/link")
async def link(actor: ProvedPerson, context: Context, source_id: str) -> Page:
    needs_session(actor)
    start = await service_of(context).outside.begin(source_id, "/settings/security", actor)
    return Page(
        "identity/outside_going.html", url=start.url, cookies=[_carried(context, source_id, start.sealed)]
    )


@post(f"{LINKS}/unlink")
async def unlink(actor: ProvedPerson, context: Context, data: Form[UnlinkForm]) -> See:
    needs_session(actor)
    await service_of(context).admission.unlink(actor.id, data.issuer, data.subject)
    return See("/settings/security")


def _welcome(
    label: str,
    source_id: str,
    sealed: str,
    name: str,
    display: str,
    cookies: list[Cookie],
    refusal: Problem | None = None,
) -> Page:
    return Page(
        "identity/outside_welcome.html",
        status=refusal.status if refusal else 200,
        label=label,
        action=f"{HERE}/{source_id}/welcome",
        arrival=sealed,
        name=name[:40],
        display=display[:80],
        wrong=refusal,
        cookies=cookies,
    )


def _cookie_name(source_id: str) -> str:
    return f"synfonium_with_{source_id}"


def _carried(context: Context, source_id: str, sealed: str) -> Cookie:
    """Lax, so that it comes back with the browser from the other site."""
    return Cookie(
        key=_cookie_name(source_id),
        value=sealed,
        path=f"{HERE}/{source_id}",
        httponly=True,
        secure=context.site.is_secure,
        samesite="lax",
        max_age=ATTEMPT_LIFE_S if sealed else 0,
    )


doors = (begin, answered, welcome, log_out, client_keys, link, unlink)
